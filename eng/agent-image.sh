# shellcheck shell=bash
# ./trinity agent-image: the image that agents run in. Its parts are put together here, so that the build itself needs no network.

# shellcheck source=eng/build.sh
source "$ROOT/eng/build.sh"
# shellcheck source=eng/packages.sh
source "$ROOT/eng/packages.sh"

readonly IMAGE_PARTS=$ROOT/artifacts/agent-image
readonly BASE_PACKAGES=(bash ca-certificates coreutils git libstdc++6 passwd procps ripgrep)
readonly CLIENT_PINS=$ROOT/tests/EndToEnd.Tests/clients # what the tests drive is what agents get
readonly PULL_LIMIT=120 # seconds
BASE_IMAGE=
BUILD_NETWORK=default
CLIENTS= # directory node_modules of the pinned clients

agent_image_help() {
  cat <<'HELP'
Usage: ./trinity agent-image [--base IMAGE] [--old] [--tag NAME:TAG]

Builds the image that agents run in: the agent server, git, ripgrep, Claude Code and Codex. The engine is the one that
DOCKER_HOST names, else this machine's. Packages and clients are fetched once and kept in artifacts/.

  --base IMAGE   a Debian or Ubuntu image to build on; when it cannot be pulled, or none is named, a base is made of this
                 machine's own package sources (mmdebstrap, as root)
  --old          an agent that does not take credentials while it runs, as agents were before; its tag is "old"
  --tag NAME     the image's name (trinity-agent:latest)
HELP
}

require_engine() {
  have docker || die "the command 'docker' is missing (Debian: docker.io)"
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
    die "no container engine answers${DOCKER_HOST:+ at $DOCKER_HOST}: start one, or name it in DOCKER_HOST"
}

ensure_mmdebstrap() {
  have mmdebstrap || install_packages "mmdebstrap (to make a base image)" mmdebstrap
  ((EUID == 0)) || die "only root can make a base image: name one that can be pulled with --base"
}

# short_hash TEXT…
short_hash() { printf '%s\n' "$@" | sha256sum | cut -c 1-12; }

# make_base: a minimal system of this machine's release, kept as an archive; its name changes with what is asked for.
make_base() {
  local suite hash archive
  # shellcheck source=/dev/null
  suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  [[ -n $suite ]] || die "cannot tell this system's release: name a base image with --base"
  hash=$(short_hash "$suite" "${BASE_PACKAGES[@]}")
  archive=$IMAGE_PARTS/base-$hash.tar
  BASE_IMAGE=trinity-agent-base:$hash BUILD_NETWORK=none
  if [[ ! -s $archive ]]; then
    ensure_mmdebstrap
    say "Making a base image of $suite (about a minute)."
    attend mmdebstrap --quiet --format=tar --variant=minbase --include="$(IFS=, && printf '%s' "${BASE_PACKAGES[*]}")" \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      --aptopt='Acquire::Languages "none"' "$suite" "$archive.new" >"$IMAGE_PARTS/base.log" 2>&1 || {
      last_lines "$IMAGE_PARTS/base.log" 5
      die "mmdebstrap failed ($IMAGE_PARTS/base.log)"
    }
    mv -- "$archive.new" "$archive"
  fi
  if ! docker image inspect "$BASE_IMAGE" >/dev/null 2>&1; then
    docker import "$archive" "$BASE_IMAGE" >/dev/null || die "the base image could not be imported"
  fi
}

# choose_base NAME: sets BASE_IMAGE, and BUILD_NETWORK to what the build may use.
choose_base() {
  if [[ -z $1 ]]; then
    make_base
  elif docker image inspect "$1" >/dev/null 2>&1 || attend timeout "$PULL_LIMIT" docker pull --quiet "$1" >/dev/null 2>&1; then
    BASE_IMAGE=$1
  else
    say "$1 cannot be pulled."
    make_base
  fi
}

publish_server() {
  ensure_sdk
  lock_builds
  say "Building the agent server."
  run_build publish "$ROOT/src/AgentServer"
  unlock_builds
}

# The directory is that of the tests: whoever comes first installs. Renamed into place, so that there is never half of it.
install_clients() {
  local hash target work
  hash=$(sha256sum -- "$CLIENT_PINS/package-lock.json" | cut -c 1-12)
  target=$ROOT/artifacts/e2e-clients/$hash
  CLIENTS=$target/node_modules
  if [[ -d $CLIENTS ]]; then return 0; fi
  ensure_node
  say "Installing Claude Code and Codex."
  work=$IMAGE_PARTS/clients.$$
  mkdir -p -- "$work" "${target%/*}"
  cp -- "$CLIENT_PINS"/package*.json "$work/"
  (cd "$work" && attend npm ci --ignore-scripts --no-audit --no-fund --no-progress) >"$IMAGE_PARTS/clients.log" 2>&1 || {
    rm -rf -- "$work"
    last_lines "$IMAGE_PARTS/clients.log" 5
    die "npm could not install the clients ($IMAGE_PARTS/clients.log)"
  }
  mv -T -- "$work" "$target" 2>/dev/null || rm -rf -- "$work" # somebody was quicker
}

# stage_runtime DIRECTORY: the newest runtime of this machine's SDK that the server can use. Nothing is fetched for it.
stage_runtime() {
  local home version name
  home=$(dirname -- "$(readlink -f -- "$(command -v dotnet)")")
  version=$(dotnet --list-runtimes | sed -nE 's/^Microsoft\.AspNetCore\.App (10\.0\.[0-9]+) .*/\1/p' | sort -V | tail -n 1)
  [[ -n $version ]] || die "there is no ASP.NET Core 10 runtime in $home"
  mkdir -p -- "$1/host/fxr"
  cp -- "$home/dotnet" "$1/"
  cp -R -- "$home/host/fxr/$version" "$1/host/fxr/" || die "the runtime $version has no host in $home"
  for name in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    mkdir -p -- "$1/shared/$name"
    cp -R -- "$home/shared/$name/$version" "$1/shared/$name/" || die "the runtime $name $version is missing in $home"
  done
}

# stage_clients DIRECTORY: the programs for this platform, each in one directory; hard links, for they are big.
stage_clients() {
  local claude codex
  claude=$(find "$CLIENTS/@anthropic-ai" -type f -name claude -print -quit)
  codex=$(find "$CLIENTS/@openai" -type f -path '*/bin/codex' -print -quit)
  [[ -n $claude && -n $codex ]] || die "the clients hold no program for this platform ($CLIENTS)"
  mkdir -p -- "$1"
  cp -Rl -- "${claude%/*}" "$1/claude-code"
  cp -Rl -- "${codex%/bin/codex}" "$1/codex"
}

build_image() { # BASE TAG RELOAD
  local context=$IMAGE_PARTS/context.$$
  trap 'rm -rf -- "$IMAGE_PARTS"/context.$$' EXIT
  mkdir -p -- "$IMAGE_PARTS"
  require_engine
  choose_base "$1"
  publish_server
  install_clients
  mkdir -- "$context"
  cp -R -- "$ROOT/artifacts/publish/AgentServer/release" "$context/server"
  stage_runtime "$context/dotnet"
  stage_clients "$context/clients"
  cp -- "$ROOT/deploy/agent-entrypoint.sh" "$context/"
  chmod -R go+rX -- "$context"
  say "Building the image $2."
  attend docker build --quiet --network "$BUILD_NETWORK" --build-arg BASE_IMAGE="$BASE_IMAGE" --build-arg CREDENTIAL_RELOAD="$3" \
    --file "$ROOT/deploy/agent.Dockerfile" --tag "$2" "$context" >"$IMAGE_PARTS/build.log" 2>&1 || {
    last_lines "$IMAGE_PARTS/build.log" 10
    die "the image could not be built ($IMAGE_PARTS/build.log)"
  }
  say "Built $2."
}

agent-image_main() {
  local base='' tag='' reload=true
  while (($#)); do
    case $1 in
      -h | --help) agent_image_help && return 0 ;;
      --base) require_value "$1" $# && base=$2 && shift ;;
      --base=*) base=${1#*=} ;;
      --tag) require_value "$1" $# && tag=$2 && shift ;;
      --tag=*) tag=${1#*=} ;;
      --old) reload=false ;;
      *) usage_error "unknown option '$1'" ;;
    esac
    shift
  done
  if [[ -z $tag ]]; then [[ $reload == true ]] && tag=trinity-agent:latest || tag=trinity-agent:old; fi
  guarded build_image "$base" "$tag" "$reload"
}
