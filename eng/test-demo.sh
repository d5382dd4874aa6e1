#!/usr/bin/env bash
# Checks of ./trinity demo, in a short form; three run beside each other. Those of agents come afterwards, where there is a container engine or root can start one. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d)
# shellcheck source=eng/background.sh
source "$ROOT/eng/background.sh"

readonly SHORT=(--streams 20 --rotations 6 --stream-seconds 2 --replicas 2)
readonly ENDLESS=(--streams 5 --rotations 1000 --stream-seconds 2 --replicas 2)

trap 'stop_all short interrupted killed agents agents-interrupted' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

verdict_of() { tail -n 1 -- "$WORK/$1.out"; }

an_interrupted_demo_cleans_up() {
  wait_for interrupted '^rotation '
  kill -s TERM "$(<"$WORK/interrupted.pid")"
  ends_with interrupted 143
  nothing_is_left_of interrupted
}

a_killed_bridge_fails_the_demo() {
  wait_for killed '^rotation '
  kill -s KILL "$(cut -d' ' -f1 "$WORK"/killed/trinity-demo.*/run/aibridge-2.pid)"
  ends_with killed 1
  [[ $(verdict_of killed) == 'FAILED: '* ]] || fail "$(output_of killed)"
  nothing_is_left_of killed
}

every_old_key_is_proven_unused() {
  local ok='^OK: 6 rotations under 20 streams: .*, 0 failed, .*every old key proven out of use\.$'
  ends_with short 0
  [[ $(verdict_of short) =~ $ok ]] || fail "$(output_of short)"
  (($(grep -c '^rotation .* safe to revoke after ' "$WORK/short.out") == 6)) || fail "not a line for each rotation: $(output_of short)"
  if grep -E 'sk-demo|trk_|[0-9a-f]{16}' "$WORK/short.out"; then fail "a secret is shown"; fi
  nothing_is_left_of short
}

# engine_is_possible: else it is said which check is left out, and why.
engine_is_possible() {
  if docker version >/dev/null 2>&1; then return 0; fi
  if ((EUID == 0)) && [[ -z ${DOCKER_HOST:-} ]] && command -v docker dockerd busybox ip mmdebstrap >/dev/null; then return 0; fi
  printf 'no container engine answers, and none can be started here\n' >&2
  return 1
}

# engine_of NAME: the folder of a demo's own engine; nothing when it uses one that runs anyway.
engine_of() { sed -n 's|^unix://\(.*\)/docker.sock$|\1|p' "$WORK/$1"/trinity-demo.*/engine 2>/dev/null || true; }

no_container_is_left() { # ENGINE-FOLDER
  local left
  if [[ -n $1 ]]; then
    [[ ! -e $1 ]] || fail "left behind: $1"
  else
    left=$(docker ps --all --quiet --filter name=^/trinity-agent-demo- && docker volume ls --quiet --filter name=^trinity-agent-demo-)
    [[ -z $left ]] || fail "left behind: $left"
  fi
}

agents_keep_their_token_for_each_turn() {
  local engine ok='^OK: 2 rotations under 1 agent: 6 turns finished on the token they were begun with, 0 failed, .* no container was restarted, every old token proven out of use\.$'
  engine_is_possible || exit "$SKIP"
  start agents "$ROOT/trinity" demo agents --agents 1 --rotations 2
  wait_for agents '^rotation   1'
  engine=$(engine_of agents)
  ends_with agents 0
  [[ $(verdict_of agents) =~ $ok ]] || fail "$(output_of agents)"
  if grep -E 'sk-ant-[a-z0-9]{4}|trk_|[0-9a-f]{16}' "$WORK/agents.out"; then fail "a secret is shown"; fi
  nothing_is_left_of agents
  no_container_is_left "$engine"
}

an_interrupted_demo_of_agents_cleans_up() {
  local engine
  engine_is_possible || exit "$SKIP"
  start agents-interrupted "$ROOT/trinity" demo agents --agents 1 --rotations 1000
  wait_for agents-interrupted '^rotation '
  engine=$(engine_of agents-interrupted)
  kill -s TERM "$(<"$WORK/agents-interrupted.pid")"
  ends_with agents-interrupted 143
  nothing_is_left_of agents-interrupted
  no_container_is_left "$engine"
}

start interrupted "$ROOT/trinity" demo "${ENDLESS[@]}"
start killed "$ROOT/trinity" demo "${ENDLESS[@]}"
start short "$ROOT/trinity" demo "${SHORT[@]}"
check "a demo that is interrupted leaves nothing behind" an_interrupted_demo_cleans_up
check "a demo whose bridge is killed fails" a_killed_bridge_fails_the_demo
check "the short demo proves every old key unused" every_old_key_is_proven_unused
check "the demo of agents: every turn keeps its token, no container is restarted" agents_keep_their_token_for_each_turn
check "a demo of agents that is interrupted leaves no container, volume or engine behind" an_interrupted_demo_of_agents_cleans_up
sum_up
