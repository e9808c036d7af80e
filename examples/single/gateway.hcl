# One node between your clients and a provider. run.sh sets the variables so
# that a stand-in provider answers: no key, no network, no cost.

server { listen = "127.0.0.1:8080" }
admin { listen = "127.0.0.1:9090" }

api_key "me" { key = env("MY_GATEWAY_KEY") }

provider "anthropic" {
  instance "primary" {
    base_url = env("ANTHROPIC_URL", "https://api.anthropic.com/v1")
    api_key  = env("ANTHROPIC_API_KEY")
  }
}

route "claude-*" { provider = "anthropic" }
