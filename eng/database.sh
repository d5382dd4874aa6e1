# shellcheck shell=bash
# A database that the operator names: looked at before anything is built or started, so that a mistake costs no time.
# Messages never repeat what was passed: it holds a password.

declare -A DB # host port user password database sslmode

percent_decode() {
  local text=${1//\\/\\\\}
  printf '%b' "${text//%/\\x}"
}

parse_database_url() {
  local pattern='^postgres(ql)?://(([^:@/?#]*)(:([^@/?#]*))?@)?(\[[0-9A-Fa-f:.]+\]|[^]:/?#@[]+)(:([0-9]+))?(/([^/?#]*))?(\?([^#]*))?$'
  [[ $1 =~ $pattern ]] || return 1
  DB[user]=$(percent_decode "${BASH_REMATCH[3]}")
  DB[password]=$(percent_decode "${BASH_REMATCH[5]}")
  DB[host]=$(percent_decode "$(unbracket "${BASH_REMATCH[6]}")")
  DB[port]=${BASH_REMATCH[8]:-5432}
  DB[database]=$(percent_decode "${BASH_REMATCH[10]}")
  if [[ ${BASH_REMATCH[12]} =~ (^|&)[Ss][Ss][Ll]\ ?[Mm]ode=([A-Za-z-]+) ]]; then DB[sslmode]=${BASH_REMATCH[2],,}; fi
}

parse_connection_string() { # Npgsql's: Host=…;Username=…;…
  local part name value parts
  IFS=';' read -ra parts <<<"$1"
  for part in "${parts[@]}"; do
    [[ $part =~ ^[[:space:]]*$ ]] && continue
    [[ $part == *=* ]] || return 1
    name=${part%%=*} name=${name,,} name=${name//[[:space:]]/}
    value=${part#*=}
    if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
    case $name in
      host | server) DB[host]=$value ;;
      port) DB[port]=$value ;;
      username | userid | user) DB[user]=$value ;;
      password | pwd) DB[password]=$value ;;
      database | db) DB[database]=$value ;;
      sslmode) DB[sslmode]=${value,,} ;;
    esac
  done
  [[ -n ${DB[host]:-} ]]
}

require_database_port() { [[ ${DB[port]} =~ ^[1-9][0-9]{0,4}$ ]] && ((DB[port] <= 65535)); }

require_parseable_database() {
  DB=([port]=5432)
  if [[ $1 != *$'\n'* ]]; then
    case $1 in
      *://*) parse_database_url "$1" && require_database_port && return 0 ;;
      *=*) parse_connection_string "$1" && require_database_port && return 0 ;;
    esac
  fi
  die "the database URL is not valid: expected postgres://user:password@host:port/database"
}

# libpq's words for Npgsql's; anything else is left to the services.
libpq_sslmode() {
  case ${DB[sslmode]:-} in
    disable | allow | prefer | require | verify-ca | verify-full) printf '%s' "${DB[sslmode]}" ;;
    verifyca) printf verify-ca ;;
    verifyfull) printf verify-full ;;
    *) printf prefer ;;
  esac
}

# The password travels in the environment of psql alone, never on a command line.
ask_database() { # SQL
  (
    while read -r name; do unset "$name"; done < <(compgen -e PG)
    export PGHOST=${DB[host]} PGPORT=${DB[port]} PGSSLMODE PGCONNECT_TIMEOUT=5
    PGSSLMODE=$(libpq_sslmode)
    if [[ -n ${DB[user]:-} ]]; then export PGUSER=${DB[user]}; fi
    if [[ -n ${DB[password]:-} ]]; then export PGPASSWORD=${DB[password]}; fi
    export PGDATABASE=${DB[database]:-${DB[user]:-postgres}}
    exec psql -XAtqw -c "$1"
  ) 2>&1 </dev/null
}

# Without psql only the address is tried; the migrator reports the rest.
try_database() {
  local answer place="at ${DB[host]}:${DB[port]}"
  if have psql; then
    answer=$(ask_database 'SHOW server_version_num') || {
      answer=${answer#psql: error: }
      die "the database cannot be used: ${answer%%$'\n'*}"
    }
    ((answer >= LEAST_POSTGRES * 10000)) || die "the database $place is older than PostgreSQL $LEAST_POSTGRES"
  elif [[ ${DB[host]} != /* && ${DB[host]} != *,* ]]; then
    # shellcheck disable=SC2016  # expanded by the inner bash
    timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "${DB[host]}" "${DB[port]}" 2>/dev/null 8>&- 9>&- ||
      die "the database cannot be used: nothing answers $place"
  fi
}
