api_key "me" { key = env("MY_KEY") }
provider "openai" {
  instance "a" { base_url = "https://a.example/v1" }
  instance "a" { base_url = "https://b.example/v1" }
}
provider "anthropic" {
  instance "a" { base_url = "https://a.example/v1" }
}
