# shellcheck shell=bash
# ./trinity up

# shellcheck source=eng/machine.sh
source "$ROOT/eng/machine.sh"
# shellcheck source=eng/engine.sh
source "$ROOT/eng/engine.sh"
# shellcheck source=eng/guide.sh
source "$ROOT/eng/guide.sh"

up_help() {
  cat <<'HELP'
Usage: ./trinity up [options]

Starts AiBridge and the control plane on this machine, and a private Postgres for them, and says what to do next.
Stays in the foreground until Ctrl-C or `./trinity down`. A second `up` with the same data directory changes nothing.

  --data DIR            where everything is kept                 (.trinity in the repository; TRINITY_DATA)
  --bridge-port PORT    AiBridge listens on 127.0.0.1:PORT       (8787; TRINITY_AIBRIDGE__LISTEN=http://address:port)
  --control-port PORT   the control plane, likewise              (8080; TRINITY_CONTROLPLANE__LISTEN)
  --database URL        use this Postgres (15 or newer) instead  (TRINITY_DATABASE)
  --seed FILE           providers to import on the first start   (see config/providers.example.json)
  --detach              return as soon as all is ready

Where a container engine answers (DOCKER_HOST, else this machine's), AiBridge also listens on that engine's bridge, a private address
of this machine, so that agents in containers reach it. An engine that is started later is noticed after `down` and another `up`.

AiBridge is compiled ahead of time, which needs a linker (gcc, libc6-dev); TRINITY_NATIVE=0 leaves it to the just-in-time compiler.

Ctrl-C, and `down`, let requests in flight finish for TRINITY_STOP_GRACE seconds (30); a second Ctrl-C does not wait.
HELP
}

UP_DATA='' UP_DATABASE=${TRINITY_DATABASE:-} UP_SEED=${TRINITY_CONTROLPLANE__SEEDFILE:-} UP_DETACH=0 UP_READY=0

parse_up_options() {
  export TRINITY_AIBRIDGE__LISTEN=${TRINITY_AIBRIDGE__LISTEN:-http://127.0.0.1:8787}
  export TRINITY_CONTROLPLANE__LISTEN=${TRINITY_CONTROLPLANE__LISTEN:-http://127.0.0.1:8080}
  while (($#)); do
    case $1 in
      -h | --help) up_help && exit 0 ;;
      --detach) UP_DETACH=1 && shift && continue ;;
      --data | --bridge-port | --control-port | --database | --seed) require_value "$1" $# ;;
      --data=* | --bridge-port=* | --control-port=* | --database=* | --seed=*)
        set -- "${1%%=*}" "${1#*=}" "${@:2}"
        ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    [[ -n $2 ]] || usage_error "option $1 needs a value"
    case $1 in
      --data) UP_DATA=$2 ;;
      --database) UP_DATABASE=$2 ;;
      --seed) UP_SEED=$2 ;;
      --bridge-port) require_port "$@" && TRINITY_AIBRIDGE__LISTEN=http://127.0.0.1:$2 ;;
      --control-port) require_port "$@" && TRINITY_CONTROLPLANE__LISTEN=http://127.0.0.1:$2 ;;
    esac
    shift 2
  done
  require_listen_address aibridge
  require_listen_address controlplane
}

check_seed_file() {
  [[ -n $UP_SEED ]] || return 0
  [[ -f $UP_SEED && -r $UP_SEED ]] || die "the seed file $UP_SEED cannot be read"
  UP_SEED=$(realpath -- "$UP_SEED")
}

# What the services are told. Local models are reachable under `up`, unless the environment says otherwise.
set_service_environment() {
  export TRINITY_DATA=$DATA TRINITY_DATABASE
  export TRINITY_AIBRIDGE__ALLOWPRIVATEUPSTREAMS=${TRINITY_AIBRIDGE__ALLOWPRIVATEUPSTREAMS:-true}
  export TRINITY_CONTROLPLANE__ALLOWPRIVATEUPSTREAMS=${TRINITY_CONTROLPLANE__ALLOWPRIVATEUPSTREAMS:-true}
  export TRINITY_CONTROLPLANE__BRIDGEURL=${TRINITY_CONTROLPLANE__BRIDGEURL:-http://host.docker.internal:$(listen_port aibridge)}
  if [[ -n $UP_SEED ]]; then export TRINITY_CONTROLPLANE__SEEDFILE=$UP_SEED; fi
  export LAUNCHER_BUILD=$BUILD
  save_state TRINITY_DATA TRINITY_DATABASE TRINITY_AIBRIDGE__LISTEN TRINITY_CONTROLPLANE__LISTEN \
    TRINITY_AIBRIDGE__ALLOWPRIVATEUPSTREAMS TRINITY_CONTROLPLANE__ALLOWPRIVATEUPSTREAMS TRINITY_CONTROLPLANE__BRIDGEURL LAUNCHER_POSTGRES LAUNCHER_BUILD
}

start_database() {
  if [[ -n $UP_DATABASE ]]; then
    LAUNCHER_POSTGRES=external TRINITY_DATABASE=$UP_DATABASE
  else
    LAUNCHER_POSTGRES=private
    start_postgres
  fi
}

report_already_running() {
  load_state || true
  say "Trinity already runs with $DATA; nothing was changed. To start it with other options, ./trinity down first."
  print_guide
}

# Whether there is a database behind it, the migrator finds out. The message does not repeat the text: it may hold a password.
check_database_url() {
  [[ -z $UP_DATABASE || ${UP_DATABASE,,} =~ ^postgres(ql)?://[^[:space:]]+$ || ${UP_DATABASE,,} =~ (host|server)[[:space:]]*= ]] ||
    die "the database URL is not valid: expected postgres://user:password@host:port/database"
}

# What can be wrong with what was asked for is found here, before anything is installed, built or started.
check_request() {
  require_free_ports
  check_seed_file
  check_database_url
  check_native
  ensure_dotnet
}

# Only what this launcher owns: after a `down` somebody else may have started anew.
stop_own() {
  [[ $(recorded_pid launcher) == "$BASHPID" ]] || return 0
  if ((UP_READY)); then say "Stopping."; fi
  lock_data_dir
  stop_everything
  forget_process launcher
}

take_ownership() {
  clean_up_with stop_own
  record_process launcher "$BASHPID"
  adopt_postgres
  if any_runs "${SERVICES[@]}" postgres; then
    say "Stopping what an earlier run left behind."
    stop_everything
  fi
}

start_services() {
  local name
  for name in "${SERVICES[@]}"; do start_service "$name"; done
  wait_until_ready
}

report_end() { # NAME
  UP_READY=0
  last_lines "$DATA/logs/$1.log" 15
  die "$1 ended on its own ($DATA/logs/$1.log)"
}

# Foreground: until a signal, or until something that should run ends.
supervise() {
  local name watched=("${SERVICES[@]}")
  local -A pids=()
  if [[ $LAUNCHER_POSTGRES == private ]]; then watched+=(postgres); fi
  for name in "${watched[@]}"; do pids[$name]=$(recorded_pid "$name") || report_end "$name"; done
  say "Ctrl-C stops everything."
  unlock_data_dir
  while attend sleep 1; do
    for name in "${watched[@]}"; do
      kill -0 "${pids[$name]}" 2>/dev/null || report_end "$name"
    done
  done
}

leave_running() {
  forget_process launcher
  trap - EXIT
  unlock_data_dir
  say "Everything runs in the background; ./trinity down${UP_DATA:+ --data "$DATA"} stops it."
}

bring_up() {
  prepare_data_dir
  lock_data_dir
  if everything_runs; then
    report_already_running
    return 0
  fi
  take_ownership
  check_request
  start_database
  ensure_build
  listen_for_containers # as late as can be: an engine's bridge comes and goes with it
  set_service_environment
  migrate_database
  start_services
  UP_READY=1
  kill -s USR1 "$$" # our guard
  say "Trinity is up."
  print_guide
  if ((UP_DETACH)); then leave_running; else supervise; fi
}

up_main() {
  parse_up_options "$@"
  choose_data_dir "$UP_DATA"
  guarded bring_up
}
