api_key "" { key = env("MY_KEY") }

provider "openai" {
  instance "" { base_url = "https://api.openai.com/v1" }
}
route "" { provider = "openai" }
