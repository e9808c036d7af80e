api_key "me" { key = env("MY_KEY") }
provider "a/b" {
  dialect = "openai"
  instance "x y" { base_url = "https://a.example/v1" }
}
