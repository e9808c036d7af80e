node_name = env("OPENAI_API_KEY")
server {
  listen        = env("MY_KEY")
  drain_timeout = "${env("OTHER_KEY")}s"
}
log { level = env("SEARCH_TEAM_KEY") }

provider "openai" {
  instance "a" { base_url = "https://api.openai.com/v1" }
}
route "gpt-*" { provider = env("ANTHROPIC_API_KEY") }
