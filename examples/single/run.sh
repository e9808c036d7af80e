#!/usr/bin/env bash
# Starts one node and a stand-in for Anthropic, until Ctrl-C.
# With your own: ANTHROPIC_API_KEY=... MY_GATEWAY_KEY=... llmgw start --config gateway.hcl
set -euo pipefail
cd "$(dirname "$0")"
llmgw=${LLMGW:-../../bin/llmgw}
[ -x "$llmgw" ] || { echo "no $llmgw: run 'make build' first, or set LLMGW" >&2; exit 1; }

export MY_GATEWAY_KEY=demo-key ANTHROPIC_API_KEY=stand-in ANTHROPIC_URL=http://127.0.0.1:9001/v1

pids=()
stop() {
  trap - EXIT INT TERM
  kill "${pids[@]}" 2>/dev/null || true
  wait
  exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' INT TERM

"$llmgw" mock --dialect anthropic --name stand-in --listen 127.0.0.1:9001 & pids+=($!)
"$llmgw" start --config gateway.hcl & pids+=($!)

until "$llmgw" members --admin http://127.0.0.1:9090 >/dev/null 2>&1; do
  kill -0 "${pids[1]}" || exit 1
  sleep 0.1
done
cat <<'END'
ready. In another terminal:

curl http://127.0.0.1:8080/v1/messages -H 'x-api-key: demo-key' -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d '{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'

END
wait
