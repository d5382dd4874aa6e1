# shellcheck shell=bash
# The private Postgres of a data directory: reachable only through a Unix socket in a private directory, only by the user
# of the launcher (peer authentication), as a role that is no superuser. Postgres refuses to run as root, so under root
# an unprivileged user owns it.

LEAST_POSTGRES=15
readonly SOCKET_NAME=/.s.PGSQL.5432
PGBIN=          # where this Postgres' programs are
OWNER_UID=      # who runs it
OWNER_GID=
AS_OWNER=()     # prefix that makes a command that user's: without our environment (secrets, PG* settings), in a directory open to all
SOCKET_DIR=

postgres_major() { # DIRECTORY: major version of the server programs in it
  [[ -x $1/postgres && -x $1/initdb ]] || return 1
  [[ $("$1/postgres" --version 2>/dev/null) =~ [0-9]+ ]] && printf '%s\n' "${BASH_REMATCH[0]}"
}

# find_postgres [MAJOR]: sets PGBIN to the newest that is new enough, or to exactly MAJOR.
find_postgres() {
  local directory major best=0 on_path
  IFS=: read -ra on_path <<<"$PATH"
  PGBIN=
  for directory in /usr/lib/postgresql/*/bin "${on_path[@]}"; do
    major=$(postgres_major "$directory") || continue
    if ((major >= LEAST_POSTGRES && major > best)) && [[ $major == "${1:-$major}" ]]; then
      best=$major PGBIN=$directory
    fi
  done
  [[ -n $PGBIN ]]
}

ensure_postgres_programs() {
  local made_by=
  if [[ -e $DATA/postgres/PG_VERSION ]]; then made_by=$(<"$DATA/postgres/PG_VERSION"); fi
  find_postgres "$made_by" && return 0
  [[ -z $made_by ]] || die "the database in $DATA/postgres was made by PostgreSQL $made_by, which is not installed: install it, or name another directory with --data"
  install_postgres
  find_postgres || die "PostgreSQL was installed, but its programs are not in /usr/lib/postgresql/*/bin nor on PATH"
}

unprivileged_uid() {
  if [[ -e $DATA/postgres ]]; then stat -c %u -- "$DATA/postgres" && return; fi
  id -u postgres 2>/dev/null && return
  id -u trinity 2>/dev/null && return
  useradd --system --no-create-home --shell /usr/sbin/nologin trinity >/dev/null && id -u trinity
}

owner_reaches_data_dir() { as_owner stat -- "$DATA/." >/dev/null 2>&1; }

# Under root the owner must get past directories that are not ours to open (/root, a private temporary directory): where
# plain permissions stop it, it gets the one capability to pass through directories.
choose_owner() {
  OWNER_UID=$EUID OWNER_GID=$(id -g) AS_OWNER=(env -i -C / PATH="$PATH" LC_ALL=C)
  ((EUID == 0)) || return 0
  OWNER_UID=$(unprivileged_uid) || die "cannot create the user 'trinity' to run Postgres, which refuses to run as root"
  ((OWNER_UID != 0)) || die "$DATA/postgres belongs to root, and Postgres refuses to run as root: name another directory with --data"
  chmod go+x -- "$DATA" || die "cannot change the mode of $DATA"
  OWNER_GID=$(id -g "$OWNER_UID") || die "$DATA/postgres belongs to a user that this system does not know ($OWNER_UID)"
  AS_OWNER+=(setpriv --reuid="$OWNER_UID" --regid="$OWNER_GID" --clear-groups)
  owner_reaches_data_dir && return 0
  AS_OWNER+=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
  owner_reaches_data_dir && return 0
  die "user $(id -un "$OWNER_UID"), who must run Postgres in root's place, cannot reach $DATA: name a directory open to all with --data, such as /var/lib/trinity"
}

as_owner() { "${AS_OWNER[@]}" "$@"; }

create_owned_directory() { install -d -m 700 -o "$OWNER_UID" -g "$OWNER_GID" -- "$1"; }

# Made beside its place and renamed, so that a crash leaves no half cluster.
create_cluster() {
  [[ ! -e $DATA/postgres ]] || return 0
  say "Creating a private Postgres in $DATA/postgres."
  rm -rf -- "$DATA/postgres.new"
  create_owned_directory "$DATA/postgres.new"
  attend "${AS_OWNER[@]}" "$PGBIN/initdb" -D "$DATA/postgres.new" --username=postgres --auth=peer --encoding=UTF8 --no-locale \
    >"$DATA/logs/initdb.log" 2>&1 || {
    last_lines "$DATA/logs/initdb.log" 5
    die "initdb failed ($DATA/logs/initdb.log)"
  }
  mv -- "$DATA/postgres.new" "$DATA/postgres"
}

# Role "trinity" is for the user who runs the launcher, role "postgres" (superuser) for the cluster's owner.
write_access_rules() {
  as_owner tee "$DATA/postgres/pg_hba.conf" >/dev/null <<<"local all all peer map=trinity"
  as_owner tee "$DATA/postgres/pg_ident.conf" >/dev/null <<RULES
trinity "$(id -un)" trinity
trinity "$(id -un "$OWNER_UID")" postgres
RULES
}

# A socket's path has 107 bytes at most, and Postgres and Npgsql give commas and quotes in it a meaning.
socket_path_is_plain() {
  local LC_ALL=C path=$1$SOCKET_NAME
  ((${#path} <= 107)) && [[ $path =~ ^[A-Za-z0-9_./-]+$ ]]
}

choose_socket_dir() {
  SOCKET_DIR=$DATA/socket
  if ! socket_path_is_plain "$SOCKET_DIR"; then
    SOCKET_DIR=$(cat -- "$DATA/socket-dir" 2>/dev/null || true)
    [[ -d $SOCKET_DIR && ! -L $SOCKET_DIR && $(stat -c %u -- "$SOCKET_DIR") == "$OWNER_UID" ]] ||
      SOCKET_DIR=$(mktemp -d /tmp/trinity.XXXXXX)
    printf '%s\n' "$SOCKET_DIR" >"$DATA/socket-dir"
  fi
  create_owned_directory "$SOCKET_DIR"
}

remove_short_socket_dir() {
  local directory
  directory=$(cat -- "$DATA/socket-dir" 2>/dev/null) || return 0
  [[ $directory == /tmp/trinity.?????? && ! -L $directory ]] || return 0
  rm -f -- "$directory$SOCKET_NAME" "$directory$SOCKET_NAME.lock"
  rmdir -- "$directory" 2>/dev/null || true
  rm -f -- "$DATA/socket-dir"
}

# is_ours PID: a Postgres process of this data directory (server or backend: both live in it).
is_ours() { [[ /proc/$1/cwd -ef $DATA/postgres && $(readlink -- "/proc/$1/exe") == */postgres* ]]; }

any_is_ours() {
  local process
  for process in /proc/[0-9]*; do
    if is_ours "${process#/proc/}"; then return 0; fi
  done
  return 1
}

# A server whose start was never recorded (its launcher was killed in that moment) is taken over.
adopt_postgres() {
  local pid
  { read -r pid <"$DATA/postgres/postmaster.pid"; } 2>/dev/null || return 0
  if [[ $pid =~ ^[0-9]+$ ]] && is_ours "$pid"; then record_process postgres "$pid"; fi
}

# A crash leaves lock files with a pid that any process may have by now, and for a moment backends without a server. The
# files may go only after the last backend: they are what keeps a new server from sharing its memory and files.
clear_crash_remains() {
  local began=$SECONDS
  while any_is_ours; do
    ((SECONDS - began < 30)) || die "processes of an earlier Postgres still use $DATA/postgres"
    sleep 0.1
  done
  rm -f -- "$DATA/postgres/postmaster.pid" "$SOCKET_DIR$SOCKET_NAME" "$SOCKET_DIR$SOCKET_NAME.lock"
}

launch_postmaster() {
  spawn postgres / "${AS_OWNER[@]}" "$PGBIN/postgres" -D "$DATA/postgres" \
    -c listen_addresses= -c unix_socket_directories="$SOCKET_DIR" -c max_connections=200 -c cluster_name=trinity
}

wait_for_postgres() {
  local began=$SECONDS
  until as_owner "$PGBIN/pg_isready" -q -h "$SOCKET_DIR"; do
    ((SECONDS - began < 120)) || die "Postgres is not ready after 120 s ($DATA/logs/postgres.log)"
    runs postgres || {
      last_lines "$DATA/logs/postgres.log" 10
      die "Postgres did not start ($DATA/logs/postgres.log)"
    }
    sleep 0.1
  done
}

create_database() {
  as_owner "$PGBIN/psql" -XAtq -v ON_ERROR_STOP=1 -h "$SOCKET_DIR" -U postgres -d postgres >/dev/null <<'SQL' ||
SELECT 'CREATE ROLE trinity LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trinity') \gexec
SELECT 'CREATE DATABASE trinity OWNER trinity' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'trinity') \gexec
SQL
    die "cannot create the database in the private Postgres ($DATA/logs/postgres.log)"
}

# start_postgres: starts it and sets TRINITY_DATABASE.
start_postgres() {
  ensure_postgres_programs
  choose_owner
  create_cluster
  write_access_rules
  choose_socket_dir
  clear_crash_remains
  launch_postmaster
  wait_for_postgres
  create_database
  export TRINITY_DATABASE="Host=$SOCKET_DIR;Username=trinity;Database=trinity"
}

# Fast shutdown: sessions are ended, nothing is lost. SIGQUIT is the last resort; SIGKILL would leave its children behind.
stop_postgres() {
  STOP_GRACE=60 stop_processes INT QUIT postgres
  runs postgres || remove_short_socket_dir
}
