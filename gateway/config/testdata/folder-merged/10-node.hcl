node_name = "gw-1"
log { format = "text" }
