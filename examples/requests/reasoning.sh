#!/usr/bin/env bash
# Reasoning: how hard a model thinks, in OpenAI's words, and what it thought.
# A chat answer has that in "reasoning_content" where the model shows it unasked;
# the Responses API asks for it ("summary") and gets an item of type "reasoning".
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- gpt-5 claude-sonnet-4-5 claude-opus-5 gemini-3-pro

for model in "$@"; do
  curl -sS --fail-with-body "$url/v1/chat/completions" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{
    "model": "'"$model"'",
    "reasoning_effort": "high",
    "messages": [{"role": "user", "content": "Is 1001 prime?"}]
  }'
  echo
  curl -sS --fail-with-body "$url/v1/responses" -H "authorization: Bearer $key" -H 'content-type: application/json' -d '{
    "model": "'"$model"'",
    "reasoning": {"effort": "high", "summary": "auto"},
    "input": "Is 1001 prime?"
  }'
  echo
done
