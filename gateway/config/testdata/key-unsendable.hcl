api_key "a" { key = " hunter2hunter2" }
api_key "b" { key = "hunter2\nhunter2" }
api_key "c" { key = <<EOT
hunter2
EOT
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key = "hunter2\u0007"
  }
}
