#!/usr/bin/env bash
# Three nodes, a key with 100 requests a minute, 300 requests round robin:
# exactly 100 pass. Without the cluster each node would let 100 through.
set -euo pipefail
cd "$(dirname "$0")"
llmgw=${LLMGW:-../../bin/llmgw}
[ -x "$llmgw" ] || { echo "no $llmgw: run 'make build' first, or set LLMGW" >&2; exit 1; }

LLMGW_CLUSTER_SECRET=$("$llmgw" keygen)
export LLMGW_CLUSTER_SECRET SEARCH_TEAM_KEY=demo-key OPENAI_API_KEY=stand-in
export OPENAI_URL=http://127.0.0.1:9001/v1 JOIN=127.0.0.1:7951

pids=()
stop() {
  trap - EXIT INT TERM
  kill "${pids[@]}" 2>/dev/null || true
  wait
  exit "$1"
}
trap 'stop $?' EXIT
trap 'stop 130' INT TERM

"$llmgw" mock --dialect openai --listen 127.0.0.1:9001 & pids+=($!)
node() { # number, public, admin, gossip and peer address
  NODE=gw-$1 LISTEN=$2 ADMIN=$3 GOSSIP=$4 PEER=$5 "$llmgw" start --config gateway.hcl 2>/dev/null & pids+=($!)
  until [ "$("$llmgw" members --admin "http://$3" 2>/dev/null | grep -c ' alive ')" = "$1" ]; do
    kill -0 "${pids[$1]}" || { echo "gw-$1 does not start" >&2; exit 1; }
    sleep 0.1
  done
}
node 1 127.0.0.1:8081 127.0.0.1:9091 127.0.0.1:7951 127.0.0.1:7961
node 2 127.0.0.1:8082 127.0.0.1:9092 127.0.0.1:7952 127.0.0.1:7962
node 3 127.0.0.1:8083 127.0.0.1:9093 127.0.0.1:7953 127.0.0.1:7963

nodes=(127.0.0.1:8081 127.0.0.1:8082 127.0.0.1:8083)
began=$SECONDS
answers=$(for i in $(seq 300); do
  curl -s -o /dev/null -w '%{http_code}\n' "http://${nodes[i % 3]}/v1/chat/completions" -H "Authorization: Bearer $SEARCH_TEAM_KEY" \
    -H 'Content-Type: application/json' -d '{"model":"gpt-5","messages":[{"role":"user","content":"Hello"}]}'
done | sort | uniq -c)
echo "$answers"
"$llmgw" limits --admin http://127.0.0.1:9093
[ $((SECONDS - began)) -lt 60 ] || { echo "this took longer than the minute of the limit" >&2; exit 3; }
[ "$(echo $answers)" = "100 200 200 429" ] # 100 times 200, 200 times 429
