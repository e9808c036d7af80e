node_name = "a"
node_name = "b"

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key = "hunter2"
    api_key = "hunter3"
  }
}
