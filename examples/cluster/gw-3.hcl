# Node 3 of three. On machines of their own the nodes keep the default ports and
# differ in node_name only; here they share 127.0.0.1.
node_name = "gw-3"

server { listen = "127.0.0.1:8083" }
admin { listen = "127.0.0.1:9093" }

cluster {
  bind        = "127.0.0.1:7953"
  peer_listen = "127.0.0.1:7963"
  join        = ["127.0.0.1:7951", "127.0.0.1:7952", "127.0.0.1:7953"]
  secret      = env("LLMGW_CLUSTER_SECRET")
}

# From here on the files are the same: "llmgw members" shows when they are not.

api_key "search-team" { key = env("SEARCH_TEAM_KEY") }
api_key "support-team" { key = env("SUPPORT_TEAM_KEY") }

provider "anthropic" {
  instance "east" {
    base_url = env("ANTHROPIC_EAST_URL", "https://api.anthropic.com/v1")
    api_key  = env("ANTHROPIC_API_KEY")
  }
  instance "west" {
    base_url = env("ANTHROPIC_WEST_URL", "https://api.anthropic.com/v1")
    api_key  = env("ANTHROPIC_API_KEY_2")
  }
  health { recovery_after = "10s" }
}

route "claude-*" { provider = "anthropic" }
