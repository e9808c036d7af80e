api_key "me" { key = env("MY_KEY") }
provider "openai" {
  instance "i0" { base_url = "http://api.example.com/v1" }
  instance "i1" { base_url = "http://8.8.8.8:80/v1" }
  instance "i2" { base_url = "http://10.0.0.1/v1" }
  instance "i3" { base_url = "http://127.0.0.1:1/v1" }
  instance "i4" { base_url = "http://vllm/v1" }
  instance "i5" { base_url = "http://[::1]:8000/v1" }
  instance "i6" { base_url = "http://vllm.svc.cluster.local/v1" }
  instance "i7" { base_url = "http://[2001:db8::1]/v1" }
}
