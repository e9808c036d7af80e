#!/usr/bin/env bash
# Chat: one request, in OpenAI's form, to a model of each provider. Then the
# same model through each provider's own API: any client reaches any model.
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- gpt-5 claude-sonnet-5 gemini-3-pro

for model in "$@"; do
  curl -sS --fail-with-body "$url/v1/chat/completions" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{
    "model": "'"$model"'",
    "messages": [
      {"role": "system", "content": "You are terse."},
      {"role": "user", "content": "What does a gateway do?"}
    ]
  }'
  echo
done

curl -sS --fail-with-body "$url/v1/messages" -H "x-api-key: $key" -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d '{
  "model": "'"$1"'",
  "max_tokens": 200,
  "messages": [{"role": "user", "content": "What does a gateway do?"}]
}'
echo
curl -sS --fail-with-body "$url/v1beta/models/$1:generateContent" -H "x-goog-api-key: $key" -H 'content-type: application/json' -d '{
  "contents": [{"role": "user", "parts": [{"text": "What does a gateway do?"}]}]
}'
echo
curl -sS --fail-with-body "$url/v1/responses" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{
  "model": "'"$1"'",
  "input": "What does a gateway do?"
}'
echo
