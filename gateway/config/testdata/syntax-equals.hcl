api_key "me" {
  key "hunter2"
}
admin {
  token: "hunter3"
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
