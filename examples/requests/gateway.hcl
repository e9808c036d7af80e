# One node in front of a provider of each dialect. run.sh sets the variables so
# that stand-ins answer: no key, no network, no cost.

server { listen = "127.0.0.1:8080" }
admin { listen = "127.0.0.1:9090" }

api_key "me" { key = env("LLMGW_KEY") }

provider "openai" {
  instance "primary" {
    base_url = env("OPENAI_URL", "https://api.openai.com/v1")
    api_key  = env("OPENAI_API_KEY")
  }
}
provider "anthropic" {
  instance "primary" {
    base_url = env("ANTHROPIC_URL", "https://api.anthropic.com/v1")
    api_key  = env("ANTHROPIC_API_KEY")
  }
  cache {
    auto_cache_system = true
    auto_cache_tools  = true
  }
}
provider "gemini" {
  instance "primary" {
    base_url = env("GEMINI_URL", "https://generativelanguage.googleapis.com/v1beta")
    api_key  = env("GEMINI_API_KEY")
  }
}

route "gpt-*" { provider = "openai" }
route "claude-*" { provider = "anthropic" }
route "gemini-*" { provider = "gemini" }
