server {
  listen = ":8080"
}
server {
  listen = ":8081"
}
log {}
log {}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  health {}
  health {
    probe { path = "/a" }
    probe { path = "/b" }
  }
  cache {}
  cache {}
  instance "a" {
    base_url = "https://api.openai.com/v1"
  }
}
api_key "x" {
  key = env("OTHER_KEY")
  limits {}
  limits {}
}
