#!/usr/bin/env bash
# Checks of ./trinity itself, against the real services. The last line is "N passed, N failed, N skipped".
set -uo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WORK=$(mktemp -d) # mode 0700: under root, Postgres has to get through it
DATA=$WORK/data
# shellcheck source=eng/checks.sh
source "$ROOT/eng/checks.sh"

unset TRINITY_DATA TRINITY_DATABASE TRINITY_AIBRIDGE__LISTEN TRINITY_CONTROLPLANE__{LISTEN,SEEDFILE,ENGINE,BRIDGEURL}

clean_up() {
  "$ROOT/trinity" down --data "$DATA" >/dev/null 2>&1
  if ((OWN_LINK)); then ip link delete "trl$$"; fi
  rm -rf -- "$WORK"
}
OWN_LINK=0
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# unused_port: neither listened on nor handed out for outgoing connections.
unused_port() {
  local port hex
  while :; do
    port=$((10240 + RANDOM % 20000))
    printf -v hex ':%04X ' "$port"
    grep -qs "$hex" /proc/net/tcp /proc/net/tcp6 || break
  done
  printf '%s' "$port"
}

BRIDGE_PORT=$(unused_port)
CONTROL_PORT=$(unused_port)

# An engine that says of its bridge what $GATEWAY says; for `up`, that it has a private address of this machine: one of our own, or one that there is anyway.
mkdir "$WORK/engine-here"
cat >"$WORK/engine-here/docker" <<'DOCKER'
#!/bin/sh
case $* in *version*) echo 20.10 ;; *'network inspect'*) echo "$GATEWAY" ;; esac
DOCKER
chmod +x "$WORK/engine-here/docker"
if ((EUID == 0)) && command -v ip >/dev/null && ip link add "trl$$" type bridge 2>/dev/null; then
  OWN_LINK=1
  GATEWAY=10.214.$((RANDOM % 256)).1
  ip address add "$GATEWAY/24" dev "trl$$" && ip link set "trl$$" up || GATEWAY=''
else
  GATEWAY=$(awk '$1 == "|--" { a = $2 } $2 == "host" && $3 == "LOCAL" && a ~ /^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.)/ { print a; exit }' /proc/net/fib_trie)
fi
export GATEWAY

up() { PATH=$WORK/engine-here:$PATH "$ROOT/trinity" up --data "$DATA" --bridge-port "$BRIDGE_PORT" --control-port "$CONTROL_PORT" "$@"; }
up_elsewhere() { "$ROOT/trinity" up --data "$WORK/other" --detach "$@"; }
down() { "$ROOT/trinity" down --data "$DATA"; }
status() { "$ROOT/trinity" status --data "$DATA"; }

pids() { cut -d' ' -f1 "$DATA"/run/{aibridge,controlplane,postgres}.pid; }

nothing_runs_in() {
  local file
  for file in "$1"/run/*.pid; do [[ ! -e $file ]] || fail "left behind: $file"; done
}

# ---- checks that start nothing ----------------------------------------------------------------------------------------

options_are_checked() {
  refused "unknown command 'fly'" "$ROOT/trinity" fly
  refused "unknown option '--fast'" up --fast
  refused "--seed needs a value" up --seed
  refused "port number from 1 to 65535, not '0'" "$ROOT/trinity" up --bridge-port 0
  refused "not '65536'" "$ROOT/trinity" up --control-port=65536
  refused "not '80a'" "$ROOT/trinity" up --bridge-port 80a
  refused "cannot share port 4000" up --bridge-port 4000 --control-port 4000
  refused "cannot share port 4000" env TRINITY_AIBRIDGE__LISTEN='http://127.0.0.1:4001;http://127.0.0.1:4000' \
    "$ROOT/trinity" up --data "$WORK/other" --control-port 4000
  refused "or several, separated by ';'" env TRINITY_AIBRIDGE__LISTEN='http://127.0.0.1:4001;127.0.0.1:4002' "$ROOT/trinity" up
  refused "or several, separated by ';'" env TRINITY_AIBRIDGE__LISTEN=';' "$ROOT/trinity" up
  refused "cannot be read" up --seed "$WORK/no-such-file"
  refused "unknown option '--fast'" "$ROOT/trinity" demo --fast
  refused "--streams needs a value" "$ROOT/trinity" demo --streams
  refused "number from 1 to 1000, not '0'" "$ROOT/trinity" demo --rotations 0
  refused "number from 1 to 60, not '2.5'" "$ROOT/trinity" demo --stream-seconds=2.5
  refused "number from 1 to 8, not '9'" "$ROOT/trinity" demo --replicas 9
  refused "unknown option '--slow'" "$ROOT/trinity" bench --slow
  refused "--out needs a value" "$ROOT/trinity" bench --out
  refused "unknown option '--new'" "$ROOT/trinity" agent-image --new
  refused "--base needs a value" "$ROOT/trinity" agent-image --base
}

every_command_explains_itself() {
  local command
  for command in up down status demo test bench profile fmt keys agent-image; do
    "$ROOT/trinity" "$command" --help | grep -q "^Usage: ./trinity $command" || fail "$command --help"
  done
}

data_directory_must_be_usable() {
  touch "$WORK/file"
  mkdir -m 000 "$WORK/closed"
  refused "is not a directory" "$ROOT/trinity" up --data "$WORK/file"
  refused "cannot create the data directory" "$ROOT/trinity" up --data "$WORK/file/below"
  refused "is not readable and writable" "$ROOT/trinity" up --data "$WORK/closed"
  [[ $(stat -c %a "$WORK/closed") == 0 ]] || fail "its mode was changed"
}

dotnet_must_be_there() {
  local program
  mkdir "$WORK/bin"
  for program in bash env readlink dirname realpath mkdir stat id flock cat awk grep sed sleep mv rm rmdir; do
    ln -s "$(command -v "$program")" "$WORK/bin/$program"
  done
  refused "the .NET SDK is missing" env PATH="$WORK/bin" "$ROOT/trinity" up --data "$WORK/other" \
    --bridge-port "$BRIDGE_PORT" --control-port "$CONTROL_PORT"
}

# ensure_java in a shell of its own, with nothing on the PATH but what it is given.
ensure_java_with() { # PATH JAVA_HOME
  env PATH="$1" JAVA_HOME="$2" "$BASH" -c "ROOT='$ROOT'; source '$ROOT/eng/common.sh'; source '$ROOT/eng/packages.sh'; ensure_java"
}

java_is_used_where_it_is() {
  mkdir -p "$WORK/jdk/bin" "$WORK/nothing"
  printf '#!/bin/sh\n' >"$WORK/jdk/bin/java"
  refused "Java (for the WireMock server of the contract tests) is missing and only root can install it: apt-get install" ensure_java_with "$WORK/nothing" ""
  refused "Java (for the WireMock" ensure_java_with "$WORK/nothing" "$WORK/jdk" # not a program
  chmod +x "$WORK/jdk/bin/java"
  ensure_java_with "$WORK/nothing" "$WORK/jdk"
  ensure_java_with "$WORK/jdk/bin" ""
}

ensure_docker_with() { # PATH
  env PATH="$1" "$BASH" -c "ROOT='$ROOT'; source '$ROOT/eng/common.sh'; source '$ROOT/eng/packages.sh'; ensure_docker"
}

container_engine_is_optional() {
  local program
  mkdir -p "$WORK/nothing" "$WORK/engine"
  ensure_docker_with "$WORK/nothing" 2>"$WORK/errors" || fail "to lack it is an error"
  grep -q 'will be skipped' "$WORK/errors" || fail "it says nothing: $(cat -- "$WORK/errors")"
  for program in dockerd busybox mmdebstrap; do
    printf '#!/bin/sh\n' >"$WORK/engine/$program"
    chmod +x "$WORK/engine/$program"
  done
  ensure_docker_with "$WORK/engine" >"$WORK/errors" 2>&1
  [[ ! -s $WORK/errors ]] || fail "it is there: $(cat -- "$WORK/errors")"
}

agent_image_needs_an_engine() {
  command -v docker >/dev/null || exit "$SKIP"
  refused "no container engine answers at unix:///nowhere/engine.sock" env DOCKER_HOST=unix:///nowhere/engine.sock "$ROOT/trinity" agent-image
}

bridge_address_with() { # GATEWAY
  env GATEWAY="$1" PATH="$WORK/engine-here:$PATH" "$BASH" -c "ROOT='$ROOT'; source '$ROOT/eng/common.sh'; source '$ROOT/eng/engine.sh'; engine_bridge_address"
}

only_a_private_address_of_our_own_is_listened_on() {
  local address
  for address in '' 8.8.8.8 127.0.0.1 0.0.0.0 10.255.255.254 'fd00::1' '172.17.0.1; reboot'; do
    [[ -z $(bridge_address_with "$address") ]] || fail "it took '$address'"
  done
  [[ -n $GATEWAY ]] || exit "$SKIP"
  [[ $(bridge_address_with "fd00::1 $GATEWAY") == "$GATEWAY" ]] || fail "it did not take '$GATEWAY'"
}

database_must_be_named_well() {
  refused "the database URL is not valid" up_elsewhere --bridge-port "$BRIDGE_PORT" --control-port "$CONTROL_PORT" --database 'mysql://a:secret@b/c'
  grep -q secret "$WORK/errors" && fail "the message repeats the password"
  nothing_runs_in "$WORK/other"
}

down_without_up_does_nothing() {
  local attempt
  for attempt in first second; do
    "$ROOT/trinity" down --data "$WORK/never" | grep -q '^Nothing runs' || fail "$attempt"
  done
  [[ ! -e $WORK/never ]] || fail "it made the directory"
}

scripts_pass_shellcheck() {
  command -v shellcheck >/dev/null || exit "$SKIP"
  cd "$ROOT" && shellcheck -x trinity .ci/run eng/*.sh deploy/*.sh
}

# ---- checks that need it to run ---------------------------------------------------------------------------------------

two_starts_at_once_make_one() {
  local one two
  up --detach >"$WORK/one" 2>&1 & one=$!
  up --detach >"$WORK/two" 2>&1 & two=$!
  wait "$one" || fail "$(cat -- "$WORK/one")"
  wait "$two" || fail "$(cat -- "$WORK/two")"
  (($(cat -- "$WORK/one" "$WORK/two" | grep -c '^Trinity is up') == 1)) || fail "not one started: $(head -n 3 -- "$WORK/one" "$WORK/two")"
  status || fail "not everything runs"
}

second_up_changes_nothing() {
  local before output
  before=$(pids)
  output=$(up) # in the foreground, it would stay if it started anything
  [[ $(pids) == "$before" ]] || fail "other processes than before"
  grep -q 'already runs' <<<"$output" || fail "it does not say so"
  grep -q "ANTHROPIC_BASE_URL=http://127.0.0.1:$BRIDGE_PORT/" <<<"$output" || fail "no guide"
}

containers_reach_the_bridge() {
  [[ -n $GATEWAY ]] || exit "$SKIP"
  grep -qx "TRINITY_AIBRIDGE__LISTEN=http://127.0.0.1:$BRIDGE_PORT;http://$GATEWAY:$BRIDGE_PORT" "$DATA/state.env" || fail "$(cat -- "$DATA/state.env")"
  grep -qx "TRINITY_CONTROLPLANE__BRIDGEURL=http://host.docker.internal:$BRIDGE_PORT" "$DATA/state.env" || fail "$(cat -- "$DATA/state.env")"
  printf 'GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >"$WORK/request"
  exec 3<>"/dev/tcp/$GATEWAY/$BRIDGE_PORT"
  cat -- "$WORK/request" >&3
  grep -q '^HTTP/1.1 200' <&3 || fail "it does not answer at $GATEWAY"
}

secrets_are_private() {
  local file
  for file in operator-token state.env; do
    [[ $(stat -c %a "$DATA/$file") == 600 ]] || fail "$file has mode $(stat -c %a "$DATA/$file")"
  done
  [[ $(stat -c %a "$DATA/socket" 2>/dev/null || echo 700) == 700 ]] || fail "the socket's directory is open"
}

taken_ports_are_refused() {
  refused "port $BRIDGE_PORT is in use" up_elsewhere --bridge-port "$BRIDGE_PORT" --control-port "$(unused_port)"
  refused "port $CONTROL_PORT is in use" up_elsewhere --bridge-port "$(unused_port)" --control-port "$CONTROL_PORT"
  nothing_runs_in "$WORK/other"
}

unusable_databases_are_refused() {
  local socket ports
  socket=$(sed -nE 's/^TRINITY_DATABASE=Host=([^;]*).*/\1/p' "$DATA/state.env")
  ports=(--bridge-port "$(unused_port)" --control-port "$(unused_port)")
  refused "the database cannot be used" up_elsewhere "${ports[@]}" --database postgres://trinity:secret@127.0.0.1:1/trinity
  refused "the database cannot be used" up_elsewhere "${ports[@]}" --database "postgres://trinity@/no_such_database?host=$socket"
  refused "the database cannot be used" up_elsewhere "${ports[@]}" --database "postgres://nobody@/trinity?host=$socket"
  nothing_runs_in "$WORK/other"
}

keys_rotate() { "$ROOT/trinity" keys rotate --data "$DATA" | grep -q 're-encrypted' || fail "no report"; }

down_elsewhere_stops_nothing() {
  local before
  before=$(pids)
  "$ROOT/trinity" down --data "$WORK/other"
  [[ $(pids) == "$before" ]] || fail "other processes than before"
  status || fail "something stopped"
}

a_crash_of_everything_is_recovered_from() {
  local pid
  while read -r pid; do kill -s KILL "$pid"; done < <(pids)
  up --detach
  status || fail "not everything runs"
}

down_stops_all_and_only_its_own() {
  local bystander pid old
  sleep 120 & bystander=$!
  old=$(pids)
  cp -- "$DATA/run/aibridge.pid" "$WORK/aibridge.pid"
  down
  while read -r pid; do
    if grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status"; then fail "pid $pid still runs"; fi
  done <<<"$old"
  # The same record, with a pid that another process has by now.
  sed "s/^[0-9]*/$bystander/" "$WORK/aibridge.pid" >"$DATA/run/aibridge.pid"
  printf '%s\n' "$bystander" >"$DATA/postgres/postmaster.pid"
  down
  kill -0 "$bystander" || fail "it stopped a process that it did not start"
  kill "$bystander"
}

the_foreground_ends_in_order() {
  local launcher output=$WORK/foreground tries=0
  # With the remains of the check before: a postmaster.pid of some other process.
  printf '%s\n' "$$" >"$DATA/postgres/postmaster.pid"
  "$ROOT/trinity" up --data "$DATA" --bridge-port "$BRIDGE_PORT" --control-port "$CONTROL_PORT" >"$output" 2>&1 & launcher=$!
  until grep -q 'Ctrl-C stops everything' "$output"; do
    if ((++tries > 400)) || ! kill -0 "$launcher"; then fail "$(cat -- "$output")"; fi
    sleep 0.1
  done
  status
  kill -s TERM "$launcher"
  wait "$launcher" || fail "exit code $?"
  nothing_runs_in "$DATA"
}

check "options and their values are checked" options_are_checked
check "every command explains itself" every_command_explains_itself
check "an unusable data directory is refused" data_directory_must_be_usable
check "a missing .NET SDK is reported" dotnet_must_be_there
check "a Java that is there is used, and a missing one reported" java_is_used_where_it_is
check "a container engine is not needed, but its lack is reported" container_engine_is_optional
check "the agents' image asks for an engine" agent_image_needs_an_engine
check "of an engine's bridge only a private address of this machine is listened on" only_a_private_address_of_our_own_is_listened_on
check "a malformed database URL is refused, and its password not repeated" database_must_be_named_well
check "down without up does nothing, twice" down_without_up_does_nothing
check "the scripts pass shellcheck" scripts_pass_shellcheck
check "two starts at once make one" two_starts_at_once_make_one
check "a second up changes nothing" second_up_changes_nothing
check "the bridge listens where an engine's containers reach it" containers_reach_the_bridge
check "secrets are private" secrets_are_private
check "ports in use are refused" taken_ports_are_refused
check "unusable databases are refused" unusable_databases_are_refused
check "keys rotate reports" keys_rotate
check "down with another directory stops nothing" down_elsewhere_stops_nothing
check "a crash of everything is recovered from" a_crash_of_everything_is_recovered_from
check "down stops all of its own, and nothing else" down_stops_all_and_only_its_own
check "the foreground ends in order" the_foreground_ends_in_order

sum_up
