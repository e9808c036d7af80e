api_key "me" { key = env("MY_KEY") }

provider "openai" {
  sticky_by = ["api_key", "conversation"]
  instance "a" {
    base_url = "https://api.openai.com/v1"
  }
}
