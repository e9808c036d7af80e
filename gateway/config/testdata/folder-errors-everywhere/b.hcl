server {
  listen = "x"
