#!/usr/bin/env bash
# Vision: an image as data, in OpenAI's form, for a model of each provider.
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- gpt-5 claude-sonnet-5 gemini-3-pro

# one red pixel, or the PNG that IMAGE names
image=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==
[ -z "${IMAGE:-}" ] || image=$(base64 <"$IMAGE" | tr -d '\n')

for model in "$@"; do
  curl -sS --fail-with-body "$url/v1/chat/completions" -H "authorization: Bearer $key" -H 'content-type: application/json' -d @- <<END
{
  "model": "$model",
  "messages": [{"role": "user", "content": [
    {"type": "text", "text": "Which colour is this?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,$image"}}
  ]}]
}
END
  echo
done
