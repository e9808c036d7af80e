api_key "a" {
  key = env("MY_KEY")
  limits {
    requests_per_minute = -1
    tokens_per_minute   = 1.5
    concurrent_requests = "many"
    usd_per_day         = -0.5
  }
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
