admin {
  token = hunter2-hunter3
}
api_key "a" {
  key = 123hunter2 # was hunter3
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
