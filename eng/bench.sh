# shellcheck shell=bash
# ./trinity bench

# shellcheck source=eng/own-trinity.sh
source "$ROOT/eng/own-trinity.sh"
# shellcheck source=eng/bench-peers.sh
source "$ROOT/eng/bench-peers.sh"

readonly BENCH_RESULTS=$ROOT/bench/results
BENCH_PLAN=standard BENCH_SHARED=0 BENCH_NGINX=1 BENCH_PORTKEY=1 BENCH_COLD='' BENCH_OUT=''
BENCH_PROCESSES=(bench-portkey bench-nginx bench-forwarder bench-upstream aibridge controlplane)
ON_GATEWAY_CORE=() ON_OTHER_CORE=() # how to start a program on its core
AS_LOAD=()                          # how to start the load and the upstream there
RUN_OPTIONS=()
BRIDGE_ENVIRONMENT=() # what starts AiBridge with settings of its own

bench_help() {
  cat <<'HELP'
Usage: ./trinity bench [options]

Measures AiBridge, with everything on, beside others in one run: the upstream itself, YARP's bare forwarder, nginx, Portkey's
gateway, and AiBridge while a key is rotated every second. Writes a report with tables to bench/results.
The gateways run on one core, the load, the upstream and Postgres on another. It starts a Trinity of its own in a temporary
directory and removes it again; Ctrl-C does so at any time. Leave the machine alone meanwhile.

  --quick           the workloads of the promises: ten minutes, up to three times that where the host of a virtual machine keeps much of its time
  --full            every API, way of answering and size of body: over an hour
  --smoke           every section for a moment: shows that the benchmark works, its numbers mean nothing
  --only SECTIONS   some sections of the report, separated by commas:
                      saturated   every peer at its limit
                      half        at half of what AiBridge can do
                      rates       at fixed rates
                      paced       streams with pauses, as a model makes them
                      rotation    AiBridge beside itself during 1 rotation/s
                      cold        fresh processes, with several settings of the runtime (not in --quick)
  --rounds N        rounds per cell, 1 to 20
  --seconds N       length of a round in a cell, 1 to 60
  --shared          everything on all cores
  --no-peers        without nginx and Portkey, which are installed otherwise
  --out FILE        the report                     (bench/results/DATE-COMMIT.md)
HELP
}

require_sections() { # OPTION VALUE
  if [[ ! $2 =~ ^(saturated|half|rates|paced|cold|rotation)(,(saturated|half|rates|paced|cold|rotation))*$ ]]; then
    usage_error "option $1 needs sections out of saturated,half,rates,paced,cold,rotation, not '$2'"
  fi
}

require_number() { # OPTION VALUE MOST
  if [[ ! $2 =~ ^[1-9][0-9]?$ ]] || (($2 > $3)); then usage_error "option $1 needs a number from 1 to $3, not '$2'"; fi
}

parse_bench_options() {
  local only=''
  while (($#)); do
    case $1 in
      -h | --help) bench_help && exit 0 ;;
      --quick | --full | --smoke) BENCH_PLAN=${1#--} && shift && continue ;;
      --shared) BENCH_SHARED=1 && shift && continue ;;
      --no-peers) BENCH_NGINX=0 BENCH_PORTKEY=0 && shift && continue ;;
      --only | --rounds | --seconds | --out) require_value "$1" $# ;;
      --only=* | --rounds=* | --seconds=* | --out=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    case $1 in
      --only) require_sections "$1" "$2" && only=$2 RUN_OPTIONS+=("--only=$2") ;;
      --rounds) require_number "$1" "$2" 20 && RUN_OPTIONS+=("--rounds=$2") ;;
      --seconds) require_number "$1" "$2" 60 && RUN_OPTIONS+=("--seconds=$2") ;;
      --out) [[ -n $2 ]] || usage_error "option $1 needs a value" && BENCH_OUT=$2 ;;
    esac
    shift 2
  done
  case $BENCH_PLAN,,$only, in
    *,cold,* | standard,,, | full,,, | smoke,,,) BENCH_COLD=1 ;;
  esac
}

choose_cores() {
  if ((BENCH_SHARED == 0)) && have taskset && (($(nproc) > 1)); then
    ON_GATEWAY_CORE=(taskset -c 0) ON_OTHER_CORE=(taskset -c 1) AS_LOAD=(taskset -c 1)
    # What measures must not wait for what else runs on its core: a kernel may let that run on until its next tick, which is milliseconds.
    if [[ $BENCH_PLAN != smoke ]] && chrt --rr 1 true 2>/dev/null; then AS_LOAD+=(chrt --rr 1); fi
  fi
}

start_trinity() {
  choose_addresses
  start_database
  if ((${#ON_OTHER_CORE[@]})); then
    # What Postgres and the control plane do must not come out of the load and the upstream, whose core they share: no request waits for them.
    # Where those have no real-time priority, Postgres writes in the time that is left.
    local pid
    for pid in $(recorded_pid postgres) $(pgrep -P "$(recorded_pid postgres)"); do
      taskset -a -c -p 1 "$pid" >/dev/null
      if [[ ${AS_LOAD[*]} != *--rr* ]]; then chrt --idle --pid 0 "$pid"; fi
    done
  fi
  set_service_environment
  migrate_database
  choose_program aibridge
  spawn aibridge "$BUILD/AiBridge" "${ON_GATEWAY_CORE[@]}" "${BRIDGE_ENVIRONMENT[@]}" "${PROGRAM_WORDS[@]}"
  choose_program controlplane
  spawn controlplane "$BUILD/ControlPlane" "${ON_OTHER_CORE[@]}" nice -n 19 "${PROGRAM_WORDS[@]}"
  wait_until_ready
  RUN_OPTIONS+=("--bridge=$TRINITY_AIBRIDGE__LISTEN,$(recorded_pid aibridge)" "--control=$TRINITY_CONTROLPLANE__LISTEN" "--token-file=$DATA/operator-token")
}

versions() {
  printf 'YARP %s, ' "$(sed -nE 's/.*"Yarp.ReverseProxy" Version="([^"]+)".*/\1/p' "$ROOT/Directory.Packages.props")"
  printf 'Postgres %s, ' "$("$PGBIN/postgres" --version | sed -nE 's/^[^0-9]*([0-9.]+).*/\1/p')"
  printf 'wrk %s' "$(wrk -v 2>&1 | sed -nE '1s/^wrk (debian.)?([^ ]+).*/\2/p')"
  if ((BENCH_NGINX)); then printf ', nginx %s' "$(/usr/sbin/nginx -v 2>&1 | sed 's/.*nginx\///')"; fi
  if ((BENCH_PORTKEY)); then printf ', Portkey %s' "$(sed -nE 's/.*gateway": "([^"]+)".*/\1/p' "$ROOT/bench/portkey/package.json")"; fi
}

describe_machine() {
  local commit placement="everything on all cores"
  commit=$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || printf unknown)
  if [[ -n $(git -C "$ROOT" status --porcelain -- src bench/Load bench/portkey eng config 2>/dev/null) ]]; then commit+=" with changes"; fi
  if ((${#ON_GATEWAY_CORE[@]})); then placement="gateways on core 0, load, upstream and Postgres on core 1"; fi
  if [[ ${AS_LOAD[*]} == *--rr* ]]; then placement+=", load and upstream with real-time priority"; fi
  cat <<MACHINE
$(date -u +%F), commit $commit, plan $BENCH_PLAN.
$(sed -nE 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo), Linux $(uname -r), .NET $(dotnet --list-runtimes | sed -nE 's/^Microsoft.NETCore.App ([^ ]+).*/\1/p' | tail -n 1).
$(versions). Placement: $placement.

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
  DATA=$(mktemp -d "${TMPDIR:-/tmp}/trinity-bench.XXXXXX")
  clean_up_with stop_bench
  prepare_data_dir
  ensure_dotnet
  have wrk || install_packages "wrk (the benchmark's load)" wrk
  ensure_peers
  ensure_build
  ensure_program Load
  if [[ -n $BENCH_COLD ]]; then prepare_cold; fi
  choose_cores
  say "Starting what is measured."
  start_trinity
  start_peers
  describe_machine >"$DATA/machine.md"
  [[ -n $BENCH_OUT ]] || BENCH_OUT=$BENCH_RESULTS/$(date -u +%F)-$(git -C "$ROOT" rev-parse --short HEAD 2>/dev/null || printf unknown).md
  mkdir -p -- "$(dirname -- "$BENCH_OUT")"
  if ((${#ON_OTHER_CORE[@]})); then RUN_OPTIONS+=(--pinned); fi
  attend "${AS_LOAD[@]}" env "$ON_SOCKETS_THREAD" dotnet "$PROGRAM" run "--plan=$BENCH_PLAN" "--machine-file=$DATA/machine.md" "--report=$BENCH_OUT" "${RUN_OPTIONS[@]}" </dev/null
  say "The report is in $BENCH_OUT."
}

bench_main() {
  parse_bench_options "$@"
  guarded run_bench
}
