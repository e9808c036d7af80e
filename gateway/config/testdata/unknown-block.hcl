sever {
  listen = ":8080"
}
blah "x" {
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  probe {
    path = "/models"
  }
  heath {
  }
  instance "a" {
    base_url = "https://api.openai.com/v1"
  }
}
node = "x"
