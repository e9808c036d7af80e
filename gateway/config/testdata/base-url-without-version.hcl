api_key "me" { key = env("MY_KEY") }
provider "openai" {
  instance "a" { base_url = "https://api.openai.com/" }
  instance "b" { base_url = "http://127.0.0.1:11434" }
  instance "c" { base_url = "https://api.openai.com/v1" }
}
