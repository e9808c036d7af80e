node_name = replace(replace(replace("aaaaaaaaaa","a",replace("aaaaaaaaaa","a","aaaaaaaaaa")),"a",replace("aaaaaaaaaa","a","aaaaaaaaaaaaaa")),"a",replace("aaaaaaaaaa","a","aaaaaaaaaaaaaa"))

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    api_key  = env("OPENAI_API_KEY")
  }
}
