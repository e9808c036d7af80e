api_key "me" { key = env("MY_KEY") }

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}

route "*" { provider = "openai" }

route "*" { provider = "openai" }
price "x" {
  input  = 1
  output = 2
}
price "x" {
  input  = 1
  output = 2
}
