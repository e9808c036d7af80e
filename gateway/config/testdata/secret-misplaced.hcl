token = "hunter2"
admin {
  tokn = "hunter3"
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    authorization = "Bearer hunter4"
    headers {
      "x-api-key" = "hunter5"
    }
  }
}
