# shellcheck shell=bash
# The two services: their environment, starting them, knowing when they are ready.

readonly SERVICES=(aibridge controlplane)
declare -Ar SERVICE_FOLDER=([aibridge]=AiBridge [controlplane]=ControlPlane)
declare -Ar SERVICE_LISTEN=([aibridge]=TRINITY_AIBRIDGE__LISTEN [controlplane]=TRINITY_CONTROLPLANE__LISTEN)
readonly READY_WAIT=${TRINITY_READY_WAIT:-120} # seconds

listen_pattern='^http://([0-9A-Za-z.-]+|\[[0-9A-Fa-f:]+\]):([1-9][0-9]{0,4})/?$'

# listen_addresses SERVICE: a line each; the first is the service's own.
listen_addresses() {
  local all address
  IFS=';' read -ra all <<<"${!SERVICE_LISTEN[$1]}"
  for address in "${all[@]}"; do
    address=${address//[[:space:]]/}
    [[ -z $address ]] || printf '%s\n' "$address"
  done
}

# own_address SERVICE: the first one; sets BASH_REMATCH to its host and port.
own_address() {
  local own
  read -r own < <(listen_addresses "$1") || true
  [[ $own =~ $listen_pattern ]]
}

# listen_host SERVICE, listen_port SERVICE: where to reach it from here.
listen_host() {
  own_address "$1"
  case ${BASH_REMATCH[1]} in
    0.0.0.0 | localhost) printf 127.0.0.1 ;;
    '[::]') printf ::1 ;;
    *) unbracket "${BASH_REMATCH[1]}" ;;
  esac
}

listen_port() {
  own_address "$1"
  printf '%s' "${BASH_REMATCH[2]}"
}

require_listen_address() { # SERVICE
  local address count=0
  while read -r address; do
    if [[ ! $address =~ $listen_pattern ]] || ((BASH_REMATCH[2] > 65535)); then count=0 && break; fi
    count=$((count + 1))
  done < <(listen_addresses "$1")
  ((count)) || usage_error "${SERVICE_LISTEN[$1]} is '${!SERVICE_LISTEN[$1]}': expected http://address:port, or several, separated by ';'"
}

listen_ports() { # SERVICE
  local address
  while read -r address; do
    [[ $address =~ $listen_pattern ]]
    printf '%s\n' "${BASH_REMATCH[2]}"
  done < <(listen_addresses "$1")
}

port_is_taken() { # by any listener on this machine
  local port
  printf -v port '%04X' "$1"
  awk -v port=":$port" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' \
    /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

port_is_privileged() { ((EUID != 0 && $1 < $(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024))); }

require_free_ports() {
  local port other bridge control
  mapfile -t bridge < <(listen_ports aibridge)
  mapfile -t control < <(listen_ports controlplane)
  for port in "${bridge[@]}"; do
    for other in "${control[@]}"; do
      [[ $port != "$other" ]] || usage_error "AiBridge and the control plane cannot share port $port"
    done
  done
  for port in "${bridge[@]}" "${control[@]}"; do
    if port_is_privileged "$port"; then die "port $port is for root alone: choose a higher one"; fi
  done
  for port in "${bridge[@]}"; do
    if port_is_taken "$port"; then die "port $port is in use: choose another with --bridge-port"; fi
  done
  for port in "${control[@]}"; do
    if port_is_taken "$port"; then die "port $port is in use: choose another with --control-port"; fi
  done
}

# choose_program SERVICE: sets PROGRAM_WORDS to what starts it: a native program, or what dotnet runs.
PROGRAM_WORDS=()
choose_program() {
  local program=$BUILD/${SERVICE_FOLDER[$1]}/Trinity.${SERVICE_FOLDER[$1]}
  if [[ -e $program.dll ]]; then PROGRAM_WORDS=(dotnet "$program.dll"); else PROGRAM_WORDS=("$program"); fi
}

# The line that tells most about why a .NET program ended: its first exception or error, else its last word.
telling_line() { # LOG
  local line
  line=$(sed -nE 's/^Unhandled exception\. //p' "$1" | head -n 1)
  [[ -n $line ]] || line=$(grep -iE 'error|exception|fail|cannot' "$1" | head -n 1 || true)
  [[ -n $line ]] || line=$(grep -v '^[[:space:]]*$' "$1" | tail -n 1 || true)
  printf '%s' "${line:-no reason given}"
}

# The migrator says what is wrong in one line on stderr.
migrate_database() {
  local log=$DATA/logs/migrate.log
  choose_program controlplane
  attend "${PROGRAM_WORDS[@]}" migrate >"$log" 2>"$log.errors" </dev/null ||
    die "the database cannot be used: $(telling_line "$log.errors")"
}

start_service() {
  choose_program "$1"
  spawn "$1" "$BUILD/${SERVICE_FOLDER[$1]}" "${PROGRAM_WORDS[@]}"
}

# http_status HOST PORT PATH: the status of a GET; no curl on a fresh machine.
http_status() {
  local line
  {
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$3" "localhost:$2" >&3
    IFS= read -r -t 5 line <&3
  } 3<>"/dev/tcp/$1/$2" || return 1
  [[ $line =~ ^HTTP/1\.[01]\ ([0-9]{3}) ]] && printf '%s' "${BASH_REMATCH[1]}"
} 2>/dev/null

is_ready() { [[ $(http_status "$(listen_host "$1")" "$(listen_port "$1")" /readyz) == 200 ]]; }

require_alive() { # SERVICE
  if runs "$1"; then return 0; fi
  last_lines "$DATA/logs/$1.log" 15
  die "${SERVICE_FOLDER[$1]} ended while starting: $(telling_line "$DATA/logs/$1.log") ($DATA/logs/$1.log)"
}

wait_until_ready() {
  local began=$SECONDS shown=0 name waiting
  while :; do
    waiting=()
    for name in "${SERVICES[@]}"; do
      require_alive "$name"
      is_ready "$name" || waiting+=("${SERVICE_FOLDER[$name]}")
    done
    ((${#waiting[@]})) || return 0
    ((SECONDS - began < READY_WAIT)) || break
    if ((SECONDS - began >= shown + 5)); then
      shown=$((SECONDS - began))
      say "Waiting for ${waiting[*]} ($shown s)."
    fi
    sleep 0.2
  done
  for name in "${SERVICES[@]}"; do is_ready "$name" || last_lines "$DATA/logs/$name.log" 10; done
  die "not ready after $READY_WAIT s: ${waiting[*]} (logs in $DATA/logs)"
}

# everything_runs, stop_everything: services first, so that they can still write to the database they finish with.
everything_runs() {
  local name
  for name in "${SERVICES[@]}"; do runs "$name" || return 1; done
  ! grep -qs '^LAUNCHER_POSTGRES=private$' "$DATA/state.env" || runs postgres
}

stop_everything() {
  stop_processes TERM KILL "${SERVICES[@]}"
  stop_postgres
}
