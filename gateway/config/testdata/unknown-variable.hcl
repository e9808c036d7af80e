node_name = hostname

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key = sk-hunter2
  }
}
