#!/usr/bin/env bash
# Prompt caching: a long system prompt, sent twice, to a model of each provider.
# The request says nothing of caching: the gateway marks the prompt where
# Anthropic wants marks, and sends a key's requests to one instance, whose cache
# is warm. Printed is what of each prompt came out of the cache.
set -euo pipefail
url=${LLMGW_URL:-http://127.0.0.1:8080} key=${LLMGW_KEY:-demo-key}
[ $# -gt 0 ] || set -- gpt-5 claude-sonnet-5 gemini-3-pro

rules=
for n in {1..400}; do rules+="Rule $n: answer with the number of a rule and nothing else. "; done

for model in "$@"; do
  for time in first second; do
    printf '%s, %s time: ' "$model" "$time"
    curl -sS --fail-with-body "$url/v1/chat/completions" -H "authorization: Bearer $key" -H 'content-type: application/json' -d @- <<END | grep -o '"usage":.*'
{"model": "$model", "messages": [{"role": "system", "content": "$rules"}, {"role": "user", "content": "Which one, the $time time?"}]}
END
  done
done
