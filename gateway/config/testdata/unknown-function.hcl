node_name = evn("X")

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key = evn("sk-hunter2", "sk-hunter3")
  }
}
