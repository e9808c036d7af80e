api_key "team" { key = "sk-team" }
provider "own" {
  dialect = "openai"
  instance "one" { base_url = "http://127.0.0.1:1/v1" }
}
