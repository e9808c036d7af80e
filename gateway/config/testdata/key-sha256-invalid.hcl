api_key "a" { sha256 = "abc" }
api_key "b" { sha256 = "zz00000000000000000000000000000000000000000000000000000000000000" }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
