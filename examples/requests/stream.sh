#!/usr/bin/env bash
# Streaming: the events of a model of each provider, as they come, in OpenAI's
# form; the last one counts the tokens.
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- gpt-5 claude-sonnet-5 gemini-3-pro

for model in "$@"; do
  curl -sSN --fail-with-body "$url/v1/chat/completions" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{
    "model": "'"$model"'",
    "stream": true,
    "stream_options": {"include_usage": true},
    "messages": [{"role": "user", "content": "Count to five."}]
  }'
done
