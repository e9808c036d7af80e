node_name = "gw-1"

api_key "team" { key = env("NO_SUCH_VARIABLE") }

provider "anthropic" {
  instance "primary" {
    base_url = "https://api.anthropic.com/v1"
    api_key  = env("ANTHROPIC_API_KEY")
    prioriti = 1
    timeout  = "ten minutes"
  }
}

route "claude-*" { provider = "antropic" }
