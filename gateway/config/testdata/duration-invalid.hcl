server {
  drain_timeout = 30
}

api_key "me" { key = env("MY_KEY") }

provider "openai" {
  instance "a" {
    base_url = "https://api.openai.com/v1"
    timeout = "30"
    first_byte_timeout = "0s"
    idle_timeout = "-5s"
  }
}

provider "gemini" {
  session_ttl = "1 day"
  instance "a" { base_url = "https://g.example/v1beta" }
  health {
    recovery_after = "99999h"
    probe {
      path     = "models"
      interval = "1s"
    }
  }
}
