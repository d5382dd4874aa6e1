# shellcheck shell=bash
# ./trinity bench

# shellcheck source=eng/own-trinity.sh
source "$ROOT/eng/own-trinity.sh"

readonly BENCH_RESULTS=$ROOT/bench/results
BENCH_PLAN=standard BENCH_SHARED=0 BENCH_PEERS=1 BENCH_OUT=''
BENCH_PROCESSES=(bench-portkey bench-nginx bench-forwarder bench-upstream aibridge controlplane)
ON_GATEWAY_CORE=() ON_OTHER_CORE=() # how to start a program on its core

bench_help() {
  cat <<'HELP'
Usage: ./trinity bench [options]

Measures AiBridge, with everything on, beside others in one run: the upstream itself, YARP's bare forwarder, nginx, Portkey's
gateway, and AiBridge while a key is rotated every second. Writes a report with tables to bench/results.
The gateways run on one core, the load, the upstream and Postgres on another. It starts a Trinity of its own in a temporary
directory and removes it again; Ctrl-C does so at any time. Leave the machine alone meanwhile.

  --quick         the workloads of the promises, in a few minutes
  --full          every API, way of answering and size of body: over an hour
  --shared        everything on all cores
  --no-peers      without nginx and Portkey, which are installed otherwise
  --out FILE      the report                     (bench/results/DATE-COMMIT.md)
HELP
}

parse_bench_options() {
  while (($#)); do
    case $1 in
      -h | --help) bench_help && exit 0 ;;
      --quick) BENCH_PLAN=quick ;;
      --full) BENCH_PLAN=full ;;
      --shared) BENCH_SHARED=1 ;;
      --no-peers) BENCH_PEERS=0 ;;
      --out) require_value "$1" $# && BENCH_OUT=$2 && shift ;;
      --out=*) BENCH_OUT=${1#*=} ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    shift
  done
}

# Debian's nginx would start itself on port 80 when it is installed; nobody asked for that.
ensure_nginx() {
  local policy=/usr/sbin/policy-rc.d
  if [[ -x /usr/sbin/nginx ]]; then return 0; fi
  if [[ -e $policy ]] || ! can_install; then
    install_packages "nginx (a peer of the benchmark)" nginx-light
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_admin tee "$policy" >/dev/null
  as_admin chmod 755 "$policy"
  (trap 'as_admin rm -f -- "$policy"' EXIT && install_packages "nginx (a peer of the benchmark)" nginx-light) || exit 1
}

ensure_portkey() {
  PORTKEY=$ROOT/artifacts/bench-portkey
  ensure_node
  if cmp -s "$ROOT/bench/portkey/package-lock.json" "$PORTKEY/installed-lock.json"; then return 0; fi
  say "Installing Portkey's gateway (a peer of the benchmark)."
  mkdir -p -- "$PORTKEY"
  cp -- "$ROOT"/bench/portkey/package{,-lock}.json "$PORTKEY"
  attend npm ci --prefix "$PORTKEY" --ignore-scripts --no-audit --no-fund >"$SETUP_LOG" 2>&1 </dev/null || die "npm could not install Portkey's gateway ($SETUP_LOG)"
  cp -- "$PORTKEY/package-lock.json" "$PORTKEY/installed-lock.json"
}

choose_cores() {
  if ((BENCH_SHARED == 0)) && have taskset && (($(nproc) > 1)); then
    ON_GATEWAY_CORE=(taskset -c 0) ON_OTHER_CORE=(taskset -c 1)
  fi
}

write_nginx_config() { # FILE PORT UPSTREAM
  cat >"$1" <<NGINX
daemon off;
master_process off;
worker_processes 1;
pid $DATA/nginx.pid;
error_log $DATA/logs/nginx-errors.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $DATA/nginx-body;
  proxy_temp_path $DATA/nginx-proxy;
  fastcgi_temp_path $DATA/nginx-fastcgi;
  uwsgi_temp_path $DATA/nginx-uwsgi;
  scgi_temp_path $DATA/nginx-scgi;
  client_max_body_size 32m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000;
  upstream bench { server ${3#http://}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:$2;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
NGINX
}

answers() { [[ -n $(http_status 127.0.0.1 "$1" /) ]]; } # PORT: any status will do

await_peer() { # NAME PORT
  local began=$SECONDS
  until answers "$2"; do
    runs "$1" || die "$1 ended while starting: $(telling_line "$DATA/logs/$1.log")"
    ((SECONDS - began < READY_WAIT)) || die "$1 is not ready after $READY_WAIT s"
    sleep 0.1
  done
}

start_peers() {
  free_port
  UPSTREAM=http://127.0.0.1:$FREE_PORT
  spawn bench-upstream "$DATA" "${ON_OTHER_CORE[@]}" dotnet "$PROGRAM" upstream "$UPSTREAM"
  await_peer bench-upstream "$FREE_PORT"
  free_port
  RUN_OPTIONS+=("--upstream=$UPSTREAM,$(recorded_pid bench-upstream)")
  spawn bench-forwarder "$DATA" "${ON_GATEWAY_CORE[@]}" dotnet "$PROGRAM" forwarder "http://127.0.0.1:$FREE_PORT" "$UPSTREAM"
  await_peer bench-forwarder "$FREE_PORT"
  RUN_OPTIONS+=("--forwarder=http://127.0.0.1:$FREE_PORT,$(recorded_pid bench-forwarder)")
  ((BENCH_PEERS)) || return 0
  free_port
  write_nginx_config "$DATA/nginx.conf" "$FREE_PORT" "$UPSTREAM"
  spawn bench-nginx "$DATA" "${ON_GATEWAY_CORE[@]}" /usr/sbin/nginx -c "$DATA/nginx.conf"
  await_peer bench-nginx "$FREE_PORT"
  RUN_OPTIONS+=("--nginx=http://127.0.0.1:$FREE_PORT,$(recorded_pid bench-nginx)")
  free_port
  spawn bench-portkey "$PORTKEY" "${ON_GATEWAY_CORE[@]}" node "$PORTKEY/node_modules/@portkey-ai/gateway/build/start-server.js" "--port=$FREE_PORT" --headless
  await_peer bench-portkey "$FREE_PORT"
  RUN_OPTIONS+=("--portkey=http://127.0.0.1:$FREE_PORT,$(recorded_pid bench-portkey)")
}

start_trinity() {
  choose_addresses
  start_database
  if ((${#ON_OTHER_CORE[@]})); then
    local pid
    for pid in $(recorded_pid postgres) $(pgrep -P "$(recorded_pid postgres)"); do taskset -a -c -p 1 "$pid" >/dev/null; done
  fi
  set_service_environment
  migrate_database
  spawn aibridge "$BUILD/AiBridge" "${ON_GATEWAY_CORE[@]}" dotnet "$(service_path aibridge)"
  spawn controlplane "$BUILD/ControlPlane" "${ON_OTHER_CORE[@]}" dotnet "$(service_path controlplane)"
  wait_until_ready
  RUN_OPTIONS+=("--bridge=$TRINITY_AIBRIDGE__LISTEN,$(recorded_pid aibridge)" "--control=$TRINITY_CONTROLPLANE__LISTEN" "--token-file=$DATA/operator-token")
}

describe_machine() {
  local commit placement="everything on all cores"
  commit=$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || printf unknown)
  if [[ -n $(git -C "$ROOT" status --porcelain -- src bench/Load bench/portkey eng config 2>/dev/null) ]]; then commit+=" with changes"; fi
  if ((${#ON_GATEWAY_CORE[@]})); then placement="gateways on core 0, load, upstream and Postgres on core 1"; fi
  cat <<MACHINE
$(date -u +%F), commit $commit, plan $BENCH_PLAN.
$(sed -nE 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo), Linux $(uname -r), .NET $(dotnet --list-runtimes | sed -nE 's/^Microsoft.NETCore.App ([^ ]+).*/\1/p' | tail -n 1)$(if ((BENCH_PEERS)); then
    printf ', %s, Portkey %s' "$(/usr/sbin/nginx -v 2>&1 | sed 's/.*: //')" "$(sed -nE 's/.*gateway": "([^"]+)".*/\1/p' "$ROOT/bench/portkey/package.json")"
  fi). Placement: $placement.

MACHINE
}

stop_bench() {
  STOP_GRACE=10
  stop_processes TERM KILL "${BENCH_PROCESSES[@]}"
  stop_postgres
  if any_runs "${BENCH_PROCESSES[@]}" postgres; then
    warn "not everything ended; $DATA is left"
  else
    rm -rf -- "$DATA"
  fi
}

run_bench() {
  RUN_OPTIONS=()
  DATA=$(mktemp -d "${TMPDIR:-/tmp}/trinity-bench.XXXXXX")
  clean_up_with stop_bench
  prepare_data_dir
  ensure_dotnet
  have wrk || install_packages "wrk (the benchmark's load)" wrk
  if ((BENCH_PEERS)); then
    ensure_nginx
    ensure_portkey
  fi
  ensure_build
  ensure_program Load
  choose_cores
  say "Starting what is measured."
  start_trinity
  start_peers
  describe_machine >"$DATA/machine.md"
  [[ -n $BENCH_OUT ]] || BENCH_OUT=$BENCH_RESULTS/$(date -u +%F)-$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || printf unknown).md
  mkdir -p -- "$(dirname -- "$BENCH_OUT")"
  if ((${#ON_OTHER_CORE[@]})); then RUN_OPTIONS+=(--pinned); fi
  attend "${ON_OTHER_CORE[@]}" dotnet "$PROGRAM" run "--plan=$BENCH_PLAN" "--machine-file=$DATA/machine.md" "--report=$BENCH_OUT" "${RUN_OPTIONS[@]}" </dev/null
  say "The report is in $BENCH_OUT."
}

bench_main() {
  parse_bench_options "$@"
  guarded run_bench
}
