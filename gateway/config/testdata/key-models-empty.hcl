api_key "a" {
  key = env("MY_KEY")
  models = []
}
api_key "b" {
  key = env("OTHER_KEY")
  models = ["", " gpt-5", "gpt-*"]
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
