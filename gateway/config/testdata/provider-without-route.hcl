api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
provider "gemini" {
  instance "a" { base_url = "https://a.example/v1" }
}
route "*" { provider = "openai" }
