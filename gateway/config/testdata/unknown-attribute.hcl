server {
  lisen = ":8080"
  colour = "red"
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    prioriti = 2
  }
}
