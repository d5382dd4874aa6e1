# shellcheck shell=bash
# For commands that run a Trinity of their own beside any other: `up`'s parts, without what the environment says of another one.

for name in "${!TRINITY_@}"; do
  case $name in TRINITY_NATIVE | TRINITY_READY_WAIT | TRINITY_STOP_GRACE) ;; *) unset "$name" ;; esac
done
unset name

# shellcheck source=eng/up.sh
source "$ROOT/eng/up.sh"

# free_port: one that nothing listens on and that is not handed out for outgoing connections; sets FREE_PORT, each time another.
FREE_PORT=$((10240 + RANDOM % 10000))
free_port() {
  FREE_PORT=$((FREE_PORT + 1))
  while port_is_taken "$FREE_PORT"; do FREE_PORT=$((FREE_PORT + 1)); done
}

choose_addresses() {
  free_port
  export TRINITY_CONTROLPLANE__LISTEN=http://127.0.0.1:$FREE_PORT
  free_port
  export TRINITY_AIBRIDGE__LISTEN=http://127.0.0.1:$FREE_PORT
}
