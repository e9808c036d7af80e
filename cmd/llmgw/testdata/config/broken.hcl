provider "anthropic" {
  instance "primary" {
