api_key "a" { key = file("nothing-here.txt") }
api_key "b" { key = file("./folder-merged") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
