# shellcheck shell=bash
# Building the services. What runs is a copy in a directory of its own, artifacts/services/ID, never the compiler's output:
# a later build must not write into the files of a running service.

readonly BUILDS=$ROOT/artifacts/services
readonly BUILD_STAMP=$BUILDS/current # its text is the current ID, its time is when that build began
BUILD= # directory of the build to run

ensure_dotnet() {
  have dotnet || die "the .NET SDK is missing (no 'dotnet' on PATH): https://dotnet.microsoft.com/download"
}

ensure_sdk() {
  ensure_dotnet
  (cd "$ROOT" && dotnet --version >/dev/null 2>&1) ||
    die "the .NET SDK that global.json names is missing ($(sed -nE 's/.*"version": *"([^"]+)".*/\1/p' "$ROOT/global.json") or newer): https://dotnet.microsoft.com/download"
}

# No compiler or build server stays behind: it would outlive us, and hold on to our locks.
readonly BUILD_OPTIONS=(-c Release -v q -nologo --disable-build-servers)

current_build() {
  local id
  id=$(cat -- "$BUILD_STAMP" 2>/dev/null) && [[ -d $BUILDS/$id ]] && printf '%s\n' "$BUILDS/$id"
}

# A directory is newer when a file in it was added or removed; eng/ itself changes with its scripts, which are not built.
sources_changed() {
  [[ -n $(find "$ROOT"/{src,config,eng} "$ROOT"/*.props "$ROOT"/global.json ! -name '*.sh' ! -path "$ROOT/eng" -newer "$BUILD_STAMP" -print -quit) ]]
}

lock_builds() {
  mkdir -p -- "$BUILDS"
  exec 8>>"$BUILDS/lock"
  flock -n 8 && return 0
  say "Another build is under way in this directory; waiting for it."
  until flock -w 1 8; do :; done
}

unlock_builds() { exec 8>&-; }

run_build() { # dotnet's arguments; shows what it said only when it fails
  local log=$BUILDS/build.log
  attend dotnet "$@" "${BUILD_OPTIONS[@]}" >"$log" 2>&1 || {
    grep -E '(error|warning) ' "$log" | sort -u | head -n 30 >&2 || tail -n 20 "$log" >&2
    die "the build failed ($log)"
  }
}

# stage_build ID: copies what was published, then makes it the current build.
stage_build() {
  local name
  rm -rf -- "$BUILDS/$1.new"
  mkdir -- "$BUILDS/$1.new"
  for name in AiBridge ControlPlane; do cp -R -- "$ROOT/artifacts/publish/$name/release" "$BUILDS/$1.new/$name"; done
  mv -- "$BUILDS/$1.new" "$BUILDS/$1"
}

# Builds that no process runs from are removed. grep reads its pattern from stdin so as not to find itself.
remove_old_builds() {
  local directory
  for directory in "$BUILDS"/*/; do
    directory=${directory%/}
    [[ $directory != "$BUILD" ]] || continue
    # shellcheck disable=SC2062  # a glob of files, not a pattern
    if ! grep -qs --fixed-strings --file=- /proc/[0-9]*/cmdline <<<"$directory/"; then rm -rf -- "$directory"; fi
  done
}

# ensure_build: sets BUILD, building first when a source is newer than the last build.
ensure_build() {
  lock_builds
  if BUILD=$(current_build) && ! sources_changed; then
    unlock_builds
    return 0
  fi
  ensure_sdk
  local id
  id=$(date +%Y%m%d-%H%M%S)-$$
  say "Building the services (about a minute the first time)."
  touch -- "$BUILDS/begun"
  run_build publish "$ROOT/eng/services.slnf"
  stage_build "$id"
  printf '%s\n' "$id" >"$BUILD_STAMP.new"
  touch -r "$BUILDS/begun" -- "$BUILD_STAMP.new"
  mv -f -- "$BUILD_STAMP.new" "$BUILD_STAMP"
  BUILD=$BUILDS/$id
  remove_old_builds
  unlock_builds
}

# ensure_program NAME: sets PROGRAM to the built program of bench/NAME, building it first when a source is newer.
PROGRAM=
ensure_program() {
  local stamp=$ROOT/artifacts/bin/$1/release/built
  PROGRAM=$ROOT/artifacts/bin/$1/release/Trinity.$1.dll
  lock_builds
  if program_is_stale "$1" "$PROGRAM" && program_is_stale "$1" "$stamp"; then
    ensure_sdk
    say "Building bench/$1."
    touch -- "$BUILDS/begun"
    run_build build "$ROOT/bench/$1"
    touch -r "$BUILDS/begun" -- "$stamp" # the program itself keeps its time when only what it refers to has changed
  fi
  unlock_builds
}

program_is_stale() { # NAME FILE
  [[ ! -e $2 || -n $(find "$ROOT"/bench/"$1" "$ROOT"/{src,tests/TestSupport,config,eng} "$ROOT"/*.props "$ROOT"/global.json \
    ! -name '*.sh' ! -path "$ROOT/eng" -newer "$2" -print -quit) ]]
}
