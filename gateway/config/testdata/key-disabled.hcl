api_key "a" {
  key = env("MY_KEY")
  enabled = false
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
