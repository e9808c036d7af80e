route "a" { provider = "b" }
admin { listen = 5 }
