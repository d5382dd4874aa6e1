# shellcheck shell=bash
# Debian packages that a fresh machine lacks. Installed as root or through a password-less sudo; otherwise one line says what to install.

SETUP_LOG=$ROOT/artifacts/setup.log

as_admin() { if ((EUID == 0)); then "$@"; else sudo -n -- "$@"; fi; }

can_install() { have apt-get && { ((EUID == 0)) || { have sudo && sudo -n true 2>/dev/null; }; }; }

# In a session of its own: Ctrl-C must not tear dpkg apart.
apt_get() {
  mkdir -p -- "$(dirname -- "$SETUP_LOG")"
  as_admin env DEBIAN_FRONTEND=noninteractive setsid -w apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" \
    </dev/null >>"$SETUP_LOG" 2>&1 8>&- 9>&-
}

# install_packages PURPOSE PACKAGE…
install_packages() {
  local purpose=$1
  shift
  can_install || die "$purpose is missing and only root can install it: apt-get install --no-install-recommends $*"
  say "Installing $purpose ($*)."
  apt_get install --no-install-recommends "$@" && return 0
  apt_get update || true # one unreachable mirror does not matter if the install works
  apt_get install --no-install-recommends "$@" ||
    die "apt-get could not install $*: $(grep '^E:' "$SETUP_LOG" | tail -n 1) ($SETUP_LOG)"
}

# newest_postgres_package: the newest server package that is new enough.
newest_postgres_package() {
  apt-cache search --names-only '^postgresql-[0-9]+$' | awk -F'[- ]' -v least="$LEAST_POSTGRES" '
    $2 + 0 >= least && $2 + 0 > best { best = $2 + 0 } END { if (best) print "postgresql-" best; else exit 1 }'
}

# Debian's package makes and starts a cluster "main" when it is first installed; nobody asked for one.
install_postgres() {
  local package setting=/etc/postgresql-common/createcluster.d/trinity.conf
  can_install ||
    die "PostgreSQL $LEAST_POSTGRES or newer is missing and only root can install it: apt-get install --no-install-recommends postgresql"
  package=$(newest_postgres_package) || {
    apt_get update || true
    package=$(newest_postgres_package) || die "this system's packages hold no PostgreSQL $LEAST_POSTGRES or newer: install one, or pass --database"
  }
  as_admin mkdir -p -- "${setting%/*}"
  as_admin tee "$setting" >/dev/null <<<"create_main_cluster = false"
  (trap 'as_admin rm -f -- "$setting"' EXIT && install_packages PostgreSQL "$package") || exit 1
}

ensure_node() {
  if have node && have npm; then return 0; fi
  install_packages "Node.js (for the command-line clients under test)" nodejs npm
}

# A Java that JAVA_HOME names need not be on the PATH.
ensure_java() {
  if [[ -n ${JAVA_HOME:-} && -x $JAVA_HOME/bin/java ]] || have java; then return 0; fi
  install_packages "Java (for the WireMock server of the contract tests)" default-jre-headless
}

# An engine for the tests of containers, which start one of their own; where it cannot be had they are skipped.
ensure_docker() {
  local missing=()
  have dockerd || missing+=(docker.io)
  have busybox || missing+=(busybox-static)
  have mmdebstrap || missing+=(mmdebstrap)
  if ((${#missing[@]} == 0)); then return 0; fi
  (install_packages "a container engine (for the tests of agents' containers)" "${missing[@]}") ||
    warn "the tests that need a container engine will be skipped"
}
