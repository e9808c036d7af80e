#!/usr/bin/env bash
# Starts three nodes, two stand-ins for Anthropic and a round-robin proxy, until
# Ctrl-C. PROXY=haproxy, nginx or none; by default whichever is installed.
set -euo pipefail
cd "$(dirname "$0")"
llmgw=${LLMGW:-../../bin/llmgw}
[ -x "$llmgw" ] || { echo "no $llmgw: run 'make build' first, or set LLMGW" >&2; exit 1; }

LLMGW_CLUSTER_SECRET=$("$llmgw" keygen)
export LLMGW_CLUSTER_SECRET SEARCH_TEAM_KEY=demo-key-1 SUPPORT_TEAM_KEY=demo-key-2
export ANTHROPIC_API_KEY=stand-in ANTHROPIC_API_KEY_2=stand-in
export ANTHROPIC_EAST_URL=http://127.0.0.1:9001/v1 ANTHROPIC_WEST_URL=http://127.0.0.1:9002/v1

pids=()
temp=$(mktemp -d)
stop() {
  trap - EXIT INT TERM
  kill "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf "$temp"
  exit "${1:-0}"
}
trap 'stop $?' EXIT
trap 'stop 0' INT TERM

"$llmgw" mock --dialect anthropic --name east --listen 127.0.0.1:9001 & pids+=($!)
"$llmgw" mock --dialect anthropic --name west --listen 127.0.0.1:9002 & pids+=($!)
for n in 1 2 3; do
  "$llmgw" start --config gw-$n.hcl & pids+=($!)
done
for n in 1 2 3; do
  until [ "$("$llmgw" ring --admin http://127.0.0.1:909$n 2>/dev/null | grep -c %)" = 3 ]; do
    kill -0 "${pids[$((n + 1))]}" || exit 1
    sleep 0.1
  done
done

proxy=${PROXY:-}
if [ -z "$proxy" ]; then
  for proxy in haproxy nginx none; do command -v "$proxy" >/dev/null && break; done
fi
front=http://127.0.0.1:8000
case $proxy in
  haproxy) haproxy -db -f haproxy.cfg & pids+=($!) ;;
  nginx) nginx -p "$temp" -c "$PWD/nginx.conf" -g 'daemon off;' & pids+=($!) ;;
  *) echo "neither haproxy nor nginx is installed: ask the nodes themselves, at ports 8081 to 8083"; front=http://127.0.0.1:8081 ;;
esac
cat <<END
ready. In another terminal, several times: every node finds the same instance.

curl -i $front/v1/messages -H 'x-api-key: demo-key-1' -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' -d '{"model":"claude-sonnet-5","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}'

$llmgw members --admin http://127.0.0.1:9091
$llmgw stats   --admin http://127.0.0.1:9091

END
wait
