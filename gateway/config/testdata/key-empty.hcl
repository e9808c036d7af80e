api_key "a" { key = "" }
api_key "b" { key = env("NO_SUCH", "") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
