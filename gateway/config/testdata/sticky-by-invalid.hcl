api_key "me" { key = env("MY_KEY") }

provider "openai" {
  sticky_by = ["conversation", "apikey", "conversation"]
  instance "a" {
    base_url = "https://api.openai.com/v1"
  }
}
provider "gemini" {
  sticky_by = []
  instance "a" { base_url = "https://a.example/v1" }
}
