node_name = "gw-1"

api_key "team" { key = env("TEAM_KEY") }

provider "anthropic" {
  instance "primary" {
    base_url = "https://api.anthropic.com/v1"
    api_key  = env("ANTHROPIC_API_KEY")
  }
}

route "claude-*" { provider = "anthropic" }
