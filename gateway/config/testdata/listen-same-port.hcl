server {
  listen = "0.0.0.0:7947"
}
admin {
  listen = "127.0.0.1:8080"
}
cluster {
  bind        = "10.0.0.1:8080"
  secret = env("LLMGW_CLUSTER_SECRET")
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
