route "gpt-*" { provider = "openai" }
