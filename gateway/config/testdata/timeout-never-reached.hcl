api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    timeout = "30s"
    first_byte_timeout = "60s"
    idle_timeout = "31s"
  }
}
