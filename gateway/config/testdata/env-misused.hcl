api_key "a" { key = env("sk-hunter2-hunter2") }
api_key "b" { key = env("A", "b", "hunter2") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
