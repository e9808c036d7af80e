api_key "me" { key = env("MY_KEY") }
provider "openai" {
}
