api_key "a" { key = env("MY_KEY") }
api_key "b" { key = env("MY_KEY") }
api_key "c" { sha256 = sha256(env("MY_KEY")) }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
