api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
route "" { provider = "openai" }
route "a" {
  provider = "openai"
  model = "gpt-*"
  display_name = "a\u001bb"
}
