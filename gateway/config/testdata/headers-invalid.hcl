api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    headers = {
      "x team"         = "hunter2"
      "x-a"            = "hunter2\nhunter3"
      "content-length" = "5"
      "X-Dup"          = "1"
      "x-dup"          = "2"
    }
  }
}
