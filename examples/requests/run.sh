#!/usr/bin/env bash
# Starts one node and a stand-in for each provider, until Ctrl-C. Then, in
# another terminal: ./chat.sh, ./stream.sh, ./vision.sh, ./schema.sh,
# ./caching.sh, ./reasoning.sh, ./count.sh, or go run tools.go.
# With your own keys: OPENAI_API_KEY=... ANTHROPIC_API_KEY=... GEMINI_API_KEY=... LLMGW_KEY=... llmgw start --config gateway.hcl
set -euo pipefail
cd "$(dirname "$0")"
llmgw=${LLMGW:-../../bin/llmgw}
[ -x "$llmgw" ] || { echo "no $llmgw: run 'make build' first, or set LLMGW" >&2; exit 1; }

export LLMGW_KEY=demo-key
export OPENAI_API_KEY=stand-in ANTHROPIC_API_KEY=stand-in GEMINI_API_KEY=stand-in
export OPENAI_URL=http://127.0.0.1:9001/v1 ANTHROPIC_URL=http://127.0.0.1:9002/v1 GEMINI_URL=http://127.0.0.1:9003/v1beta

pids=()
stop() {
  trap - EXIT INT TERM
  kill "${pids[@]}" 2>/dev/null || true
  wait
  exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' INT TERM

"$llmgw" mock --dialect openai --listen 127.0.0.1:9001 & pids+=($!)
"$llmgw" mock --dialect anthropic --listen 127.0.0.1:9002 & pids+=($!)
"$llmgw" mock --dialect gemini --listen 127.0.0.1:9003 & pids+=($!)
"$llmgw" start --config gateway.hcl & pids+=($!)

until "$llmgw" members --admin http://127.0.0.1:9090 >/dev/null 2>&1; do
  kill -0 "${pids[3]}" || exit 1
  sleep 0.1
done
echo "ready. In another terminal: ./chat.sh"
wait
