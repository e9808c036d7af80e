server {
  listen = "8080"
}
admin {
  listen = "::1:9090"
}
cluster {
  bind        = "0.0.0.0:http"
  peer_listen = "1.2.3.999:70000"
  advertise   = "10.0.0.1:99999"
  join        = ["gw-1", "gw-2:0", ":7946", "dns+gw:7946", "a b:1"]
  secret = env("LLMGW_CLUSTER_SECRET")
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
