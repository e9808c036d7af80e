api_key "me" { key = env("MY_KEY") }
provider "claude" {
  instance "a" { base_url = "https://a.example/v1" }
}
provider "opneai" {
  instance "a" { base_url = "https://a.example/v1" }
}
provider "c" {
  dialect = "antropic"
  instance "a" { base_url = "https://a.example/v1" }
}
