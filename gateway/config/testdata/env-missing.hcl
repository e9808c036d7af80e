node_name = env("NO_SUCH_NODE")
api_key "a" { key = env("NO_SUCH_KEY") }
api_key "b" { key = env("EMPTY") }
admin {
  listen = "0.0.0.0:9090"
  token  = env("NO_SUCH_TOKEN")
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key = env("NO_SUCH_PROVIDER_KEY")
    headers = { "x-team" = env("NO_SUCH_HEADER") }
    weight = env("NO_SUCH_WEIGHT")
  }
}
