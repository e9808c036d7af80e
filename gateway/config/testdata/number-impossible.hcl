api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    priority = -1
    weight = 0
  }
}

provider "anthropic" {
  instance "a" {
    base_url = "https://a.example/v1"
    priority = 1.5
    weight   = 99999999
  }
  cache {
    min_system_tokens = -1
  }
}
price "a" {
  input = -3
  output = "1e999"
}
price "b" {
  cache_read = 1
}
