node_nam = "x"

server {
  listn = "127.0.0.1:8080"
}

api_key "me" { key = env("ANTHROPIC_API_KEY") }

provider "anthropic" {
  instance "primary" {
    base_url = "https://api.anthropic.com/v1"
    api_key  = env("ANTHROPIC_API_KEY")
  }
}

route "claude-*" { provider = "antropic" }
route "smart" {
  provider = "anthropic"
  fallback = ["gpt-5"]
}

tracing {}
