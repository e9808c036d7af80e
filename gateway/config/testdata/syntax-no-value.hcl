server {
  listen =
  drain_timeout = "soon"
}
"x"
