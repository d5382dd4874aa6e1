# shellcheck shell=bash
# ./trinity keys rotate

# shellcheck source=eng/machine.sh
source "$ROOT/eng/machine.sh"

keys_help() {
  cat <<'HELP'
Usage: ./trinity keys rotate [--data DIR]

Encrypts every stored secret anew, under the newest key of the key ring. Works while everything runs and while it is
stopped; a private Postgres that is stopped is started for it. Keys given in TRINITY_ENCRYPTION_KEYS must be given here too.
HELP
}

start_database_if_private() {
  [[ $LAUNCHER_POSTGRES == private ]] || return 0
  adopt_postgres
  if runs postgres; then return 0; fi
  clean_up_with stop_postgres
  start_postgres
}

keys_main() {
  case ${1:-} in
    rotate) shift ;;
    -h | --help) keys_help && return 0 ;;
    *) usage_error "expected 'keys rotate'" ;;
  esac
  parse_data_option keys_help "$@"
  choose_data_dir "$DATA_OPTION"
  guarded rotate_keys
}

rotate_keys() {
  [[ -d $DATA/run ]] || die "there is nothing in $DATA yet: ./trinity up makes it"
  require_own_data_dir
  load_state || die "$DATA holds no settings yet: ./trinity up makes them"
  lock_data_dir
  ensure_dotnet
  start_database_if_private
  BUILD=$LAUNCHER_BUILD
  if [[ ! -d $BUILD ]]; then ensure_build; fi
  export TRINITY_DATABASE
  choose_program controlplane
  attend "${PROGRAM_WORDS[@]}" keys rotate
}
