# shellcheck shell=bash
# ./trinity profile

# shellcheck source=eng/bench.sh
source "$ROOT/eng/bench.sh"

readonly PROFILE=$ROOT/src/AiBridge/aibridge.mibc

profile_help() {
  cat <<'HELP'
Usage: ./trinity profile

Makes the profile anew that AiBridge is compiled with, src/AiBridge/aibridge.mibc: runs AiBridge on the just-in-time compiler, with
counters in all its code, under the load of the benchmark, and writes down which branches and types were met how often.
Worth doing when the request path has changed; a profile that is older than the code is still right, and helps less. Takes some minutes.
HELP
}

# What the runtime counts from the first call on, in the framework's code, too, and tells when it ends.
trace_bridge() { # FILE
  BRIDGE_ENVIRONMENT=(env
    DOTNET_ReadyToRun=0 DOTNET_TieredPGO=1 DOTNET_TieredPGO_InstrumentOnlyHotCode=0 DOTNET_TC_CallCountThreshold=1000
    DOTNET_EnableEventPipe=1 "DOTNET_EventPipeOutputPath=$1" DOTNET_EventPipeCircularMB=1024
    DOTNET_EventPipeConfig=Microsoft-Windows-DotNETRuntime:0x1F000080018:5)
}

run_profile() {
  DATA=$(mktemp -d "${TMPDIR:-/tmp}/trinity-profile.XXXXXX")
  clean_up_with stop_bench
  prepare_data_dir
  ensure_dotnet
  have wrk || install_packages "wrk (the load)" wrk
  TRINITY_NATIVE=0
  ensure_build
  ensure_program Profile
  local converter=$PROGRAM
  ensure_program Load
  choose_cores
  trace_bridge "$DATA/bridge.nettrace"
  say "Starting AiBridge with counters."
  start_trinity
  start_peers
  printf 'A run for the profile.\n\n' >"$DATA/machine.md"
  if ((${#ON_OTHER_CORE[@]})); then RUN_OPTIONS+=(--pinned); fi
  attend "${AS_LOAD[@]}" env "$ON_SOCKETS_THREAD" dotnet "$PROGRAM" run --plan=quick --only=saturated,paced,rotation --rounds=1 --seconds=3 \
    "--machine-file=$DATA/machine.md" "--report=$DATA/report.md" "${RUN_OPTIONS[@]}" </dev/null
  STOP_GRACE=60 # it writes what it has counted
  stop_processes TERM KILL aibridge
  attend dotnet "$converter" "$DATA/bridge.nettrace" "$PROFILE" || die "the run gave no profile"
  say "The profile is in $PROFILE; the next build uses it."
}

profile_main() {
  case ${1:-} in
    '') ;;
    -h | --help) profile_help && return 0 ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  BENCH_NGINX=0 BENCH_PORTKEY=0
  guarded run_profile
}
