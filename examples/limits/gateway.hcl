# One file for three nodes: what differs between them is in their environments.
node_name = env("NODE")

server { listen = env("LISTEN") }
admin { listen = env("ADMIN") }

cluster {
  bind        = env("GOSSIP")
  peer_listen = env("PEER")
  join        = [env("JOIN")]
  secret      = env("LLMGW_CLUSTER_SECRET")
}

api_key "search-team" {
  key = env("SEARCH_TEAM_KEY")
  limits { requests_per_minute = 100 } # in any 60 seconds, through whichever node
}

provider "openai" {
  instance "only" {
    base_url = env("OPENAI_URL")
    api_key  = env("OPENAI_API_KEY")
  }
}

route "gpt-*" { provider = "openai" }
