# shellcheck shell=bash
# The container engine that agents run in: whether one answers, and how its containers reach this machine.

readonly ENGINE_WAIT=5 # seconds

# engine_docker ARGUMENT…: the docker command, at the engine that the control plane is told of.
engine_docker() { timeout "$ENGINE_WAIT" docker ${TRINITY_CONTROLPLANE__ENGINE:+--host "$TRINITY_CONTROLPLANE__ENGINE"} "$@" </dev/null 2>/dev/null; }

engine_answers() { have docker && [[ -n $(engine_docker version --format '{{.Server.Version}}') ]]; }

# A bridge's address is one of this machine's own; that of an engine elsewhere is not.
is_own_address() {
  awk -v address="$1" '$1 == "|--" { current = $2 } $2 == "host" && $3 == "LOCAL" && current == address { found = 1 } END { exit !found }' \
    /proc/net/fib_trie 2>/dev/null
}

is_private_address() { [[ $1 =~ ^(10\.|172\.(1[6-9]|2[0-9]|3[01])\.|192\.168\.)[0-9.]+$ ]]; }

# engine_bridge_address: this machine, as containers on the engine's default network see it; nothing where that is not a private address here.
engine_bridge_address() {
  local address
  have docker || return 0
  for address in $(engine_docker network inspect bridge --format '{{range .IPAM.Config}}{{.Gateway}} {{end}}'); do
    if is_private_address "$address" && is_own_address "$address"; then printf '%s' "$address" && return 0; fi
  done
}

# listen_for_containers: has AiBridge listen there too, unless somebody has said where it shall listen beyond this machine alone.
listen_for_containers() {
  local address
  [[ $TRINITY_AIBRIDGE__LISTEN != *';'* && $(listen_host aibridge) == 127.0.0.1 && $TRINITY_AIBRIDGE__LISTEN != *//0.0.0.0:* ]] || return 0
  address=$(engine_bridge_address)
  if [[ -n $address ]]; then TRINITY_AIBRIDGE__LISTEN+=";http://$address:$(listen_port aibridge)"; fi
}
