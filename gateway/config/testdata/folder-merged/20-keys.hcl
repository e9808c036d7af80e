api_key "me" { key = file("me.txt") }
