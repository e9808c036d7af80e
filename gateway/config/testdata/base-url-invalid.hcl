api_key "me" { key = env("MY_KEY") }
provider "openai" {
  instance "i0" { base_url = "api.openai.com/v1" }
  instance "i1" { base_url = "ftp://a.example" }
  instance "i2" { base_url = "https://" }
  instance "i3" { base_url = "https://me:hunter2@a.example/v1" }
  instance "i4" { base_url = "https://a.example/v1?key=hunter2" }
  instance "i5" { base_url = "https://a.example/v1#hunter2" }
  instance "i6" { base_url = "https://a.example:0/v1" }
  instance "i7" { base_url = "https://a b.example/" }
  instance "i8" { base_url = "https://a.example/v1/chat/completions" }
  instance "i9" { base_url = "https://%zz/v1" }
  instance "i10" { base_url = "https://1.2.3/v1" }
  instance "none" {
  }
}
