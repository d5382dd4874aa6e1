# shellcheck shell=bash
# ./trinity demo agents: part of eng/demo.sh

DEMO_AGENTS=2
readonly MAX_AGENTS=8
ENGINE= # its address, as DOCKER_HOST takes it
ENGINE_HOST= # this machine, as its containers see it
AGENT_PREFIX= # of the demo's agents, and so of their containers and volumes

demo_agents_help() {
  cat <<'HELP'
Usage: ./trinity demo agents [options]

Rotates a subscription's token again and again while real Claude Code works in real containers, two turns at a time in each
agent, and shows that every turn ends on the token it was begun with, that the next one has the new token, that no
container is restarted, and when each old token is proven out of use. The provider is a fake one on this machine: no
internet, no account. The last line is the verdict; the exit code is 0 only when all of that held.
It starts a Trinity of its own in a temporary directory, beside any other, and removes it again with its containers and
volumes; Ctrl-C does so at any time. Where no container engine answers (DOCKER_HOST, else this machine's), it starts one of
its own, for which it needs root. The agents' image is built when it is missing, which takes minutes the first time.

  --agents N            agents, 1 to 8                              (2)
  --rotations N         how often the token is rotated              (4)
HELP
}

parse_demo_agents_options() {
  DEMO_ROTATIONS=4
  while (($#)); do
    case $1 in
      -h | --help) demo_agents_help && exit 0 ;;
      --agents | --rotations) require_value "$1" $# ;;
      --agents=* | --rotations=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    case $1 in
      --agents) require_number "$1" "$2" "$MAX_AGENTS" && DEMO_AGENTS=$2 ;;
      --rotations) require_number "$1" "$2" 1000 && DEMO_ROTATIONS=$2 ;;
    esac
    shift 2
  done
}

# find_engine: the one that answers, or else one of our own; sets ENGINE and ENGINE_HOST.
find_engine() {
  ENGINE=${DOCKER_HOST:-unix:///var/run/docker.sock}
  if engine_answers; then
    ENGINE_HOST=$(engine_bridge_address)
    [[ -n $ENGINE_HOST ]] || die "the containers of the engine at $ENGINE cannot reach this machine by a private address of it"
  else
    [[ -z ${DOCKER_HOST:-} ]] || die "no container engine answers at $DOCKER_HOST: start it, or unset DOCKER_HOST for one of the demo's own"
    start_engine
  fi
}

# The program that runs it removes all of it when it is stopped.
start_engine() {
  local missing=() began=$SECONDS
  ((EUID == 0)) || die "no container engine answers, and only root can start one for the demo: start one, or run the demo as root"
  have dockerd || missing+=(docker.io)
  have busybox || missing+=(busybox-static)
  have ip || missing+=(iproute2)
  if ((${#missing[@]})); then install_packages "a container engine (for the demo's agents)" "${missing[@]}"; fi
  say "Starting a container engine of the demo's own."
  spawn engine "$DATA" dotnet "$PROGRAM" engine "$DATA/engine"
  until [[ -s $DATA/engine ]]; do
    runs engine || die "no container engine answers, and $(telling_line "$DATA/logs/engine.log")"
    ((SECONDS - began < READY_WAIT)) || die "the container engine does not answer after $READY_WAIT s"
    sleep 0.1
  done
  { read -r ENGINE && read -r ENGINE_HOST; } <"$DATA/engine"
}

ensure_agent_image() { # IMAGE
  if docker image inspect "$1" >/dev/null 2>&1; then return 0; fi
  attend "$ROOT/trinity" agent-image --tag "$1" </dev/null
}

# Nobody makes a container anew once the control plane has ended.
stop_agents_demo() {
  # shellcheck disable=SC2034  # for stop_processes
  STOP_GRACE=10
  stop_processes TERM KILL "${SERVICES[@]}"
  stop_postgres
  remove_agents
  stop_processes TERM KILL engine
  if any_runs "${SERVICES[@]}" postgres engine; then
    warn "not everything ended; $DATA is left"
  else
    rm -rf -- "$DATA"
  fi
}

remove_agents() {
  local left
  if [[ -z $AGENT_PREFIX ]] || runs engine; then return 0; fi # an engine of the demo's own takes all with it
  mapfile -t left < <(docker ps --all --quiet --filter "name=^/trinity-agent-$AGENT_PREFIX-")
  if ((${#left[@]})); then docker rm --force --volumes "${left[@]}" >/dev/null || warn "containers of the demo are left: ${left[*]}"; fi
  mapfile -t left < <(docker volume ls --quiet --filter "name=^trinity-agent-$AGENT_PREFIX-")
  if ((${#left[@]})); then docker volume rm --force "${left[@]}" >/dev/null || warn "volumes of the demo are left: ${left[*]}"; fi
}

run_agents_demo() {
  local service image=trinity-agent:latest
  DATA=$(mktemp -d "${TMPDIR:-/tmp}/trinity-demo.XXXXXX")
  clean_up_with stop_agents_demo
  prepare_data_dir
  ensure_dotnet
  ensure_build
  ensure_program Demo
  find_engine
  export DOCKER_HOST=$ENGINE
  ensure_agent_image "$image"
  say "Starting a Trinity of its own."
  choose_addresses
  TRINITY_AIBRIDGE__LISTEN+=";http://$ENGINE_HOST:$(listen_port aibridge)"
  export TRINITY_CONTROLPLANE__ENGINE=$ENGINE
  start_database
  set_service_environment
  migrate_database
  for service in "${SERVICES[@]}"; do start_service "$service"; done
  wait_until_ready
  AGENT_PREFIX=demo-$(tr -dc 'a-z0-9' <<<"${DATA##*.}" | head -c 8)$$
  say "Making $DEMO_AGENTS agent$( ((DEMO_AGENTS == 1)) || printf s) with Claude Code."
  attend dotnet "$PROGRAM" agents --control "$TRINITY_CONTROLPLANE__LISTEN" --token-file "$DATA/operator-token" --engine "$ENGINE" --image "$image" \
    --prefix "$AGENT_PREFIX" --agents "$DEMO_AGENTS" --rotations "$DEMO_ROTATIONS" </dev/null
}

demo_agents_main() {
  parse_demo_agents_options "$@"
  guarded run_agents_demo
}
