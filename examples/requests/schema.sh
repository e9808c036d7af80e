#!/usr/bin/env bash
# JSON schema: an answer of a given form, of a model of each provider. Where a
# model has no such mode the gateway asks in another way and says so in
# X-LLM-Gateway-Warnings; the answer's "content" is the JSON in every case.
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- gpt-5 claude-sonnet-5 claude-3-5-haiku gemini-3-pro

for model in "$@"; do
  curl -sS --fail-with-body -w '\n%header{x-llm-gateway-warnings}\n' "$url/v1/chat/completions" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{
    "model": "'"$model"'",
    "messages": [{"role": "user", "content": "Name a city and how many live there."}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "city", "strict": true, "schema": {
      "type": "object",
      "properties": {"name": {"type": "string"}, "people": {"type": "integer"}},
      "required": ["name", "people"],
      "additionalProperties": false
    }}}
  }'
done
