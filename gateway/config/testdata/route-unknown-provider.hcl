api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
route "a" { provider = "opnai" }
route "b" { provider = "zzz" }
route "c" {
}
