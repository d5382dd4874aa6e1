# shellcheck shell=bash
# The data directory: everything one `up` owns. Only its owner may read it; the lock in it makes commands take turns.
#   lock            held while a command starts or stops things
#   run/            identities of the processes (see processes.sh)
#   logs/           what they say
#   state.env       the settings of the last `up`
#   postgres/ socket/   the private Postgres

DATA=
LOCK_WAIT=600 # seconds; a first start builds everything

choose_data_dir() { # the value of --data, or empty
  DATA=$(realpath -m -- "${1:-${TRINITY_DATA:-$ROOT/.trinity}}")
  [[ $DATA != *$'\n'* ]] || usage_error "the data directory's name may not hold a line break"
}

# What another user's directory says about processes and settings is not to be believed.
require_own_data_dir() {
  [[ ! -e $DATA/run || -O $DATA/run ]] ||
    die "$DATA belongs to user $(stat -c %U -- "$DATA/run"): run this as that user, or name another directory with --data"
}

# create_directory PATH: private to us, kept when it is there.
create_directory() {
  [[ -d $1 ]] || mkdir -m 700 -- "$1" 2>/dev/null || die "cannot create the directory $1"
}

prepare_data_dir() {
  [[ ! -e $DATA || -d $DATA ]] || die "the data directory $DATA is not a directory"
  mkdir -p -- "$(dirname -- "$DATA")" 2>/dev/null || die "cannot create the data directory $DATA"
  create_directory "$DATA"
  # Root passes every permission check, so the mode itself is looked at: closed to its owner means closed.
  local mode
  mode=$(stat -c %a -- "$DATA") || die "cannot read the data directory $DATA"
  if (((8#$mode & 8#700) != 8#700)) || [[ ! -r $DATA || ! -w $DATA || ! -x $DATA ]]; then
    die "the data directory $DATA is not readable and writable by user $(id -un) (its mode is $mode)"
  fi
  require_own_data_dir
  create_directory "$DATA/run"
  create_directory "$DATA/logs"
}

# The lock is file descriptor 9. Waiting in steps of a second lets a signal through.
lock_data_dir() {
  local began=$SECONDS
  : 2>/dev/null >>"$DATA/lock" || die "cannot write to the data directory $DATA"
  exec 9>>"$DATA/lock"
  flock -n 9 && return 0
  say "Another ./trinity is at work on $DATA; waiting for it."
  until flock -w 1 9; do
    ((SECONDS - began < LOCK_WAIT)) || die "another ./trinity has been at work on $DATA for over $LOCK_WAIT s"
  done
}

unlock_data_dir() { exec 9>&-; }

# save_state NAME…: the named variables, one per line, for the commands that come later.
save_state() {
  local name
  (
    umask 077
    for name in "$@"; do printf '%s=%s\n' "$name" "${!name}"; done >"$DATA/state.env.new"
  )
  mv -f -- "$DATA/state.env.new" "$DATA/state.env"
}

# load_state: reads, and exports, what save_state wrote. Lines are data, never evaluated.
load_state() {
  local name value
  [[ -r $DATA/state.env ]] || return 1
  while IFS='=' read -r name value; do
    [[ $name =~ ^(TRINITY|LAUNCHER)_[A-Z_]+$ ]] || continue
    export "$name=$value"
  done <"$DATA/state.env"
}
