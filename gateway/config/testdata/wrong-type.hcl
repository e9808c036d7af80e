server {
  listen        = ["0.0.0.0:8080"]
  drain_timeout = { a = 1 }
  max_body_size = true
}
api_key "a" {
  key     = ["hunter2"]
  enabled = "maybe"
  models  = 5
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    priority = "high"
    headers = ["x"]
    timeout = null
  }
}
