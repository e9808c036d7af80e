api_key "none" {
}
api_key "both" {
  key    = env("MY_KEY")
  sha256 = sha256("x")
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
