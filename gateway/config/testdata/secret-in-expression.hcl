api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key = "${upper("hunter2")}-${nothing}"
  }
}
admin {
  token = format("%s-%d", "hunter2", "hunter3")
}
