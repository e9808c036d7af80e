#!/usr/bin/env bash
# Counting tokens, in Anthropic's form: the provider counts where it speaks that
# dialect, else the gateway does, which says so in X-LLM-Gateway-Warnings. It
# costs nothing and touches no limit.
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- claude-sonnet-5 gpt-5 gemini-3-pro

for model in "$@"; do
  curl -sS --fail-with-body -w '\n%header{x-llm-gateway-warnings}\n' "$url/v1/messages/count_tokens" -H "x-api-key: $key" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d '{
    "model": "'"$model"'",
    "system": "You are terse.",
    "messages": [{"role": "user", "content": "How long is this?"}]
  }'
done
