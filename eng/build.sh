# shellcheck shell=bash
# Building the services. What runs is a copy in a directory of its own, artifacts/services/ID, never the compiler's output:
# a later build must not write into the files of a running service.

readonly BUILDS=$ROOT/artifacts/services
readonly BUILD_STAMP=$BUILDS/current # its text is the current ID, its time is when that build began
BUILD= # directory of the build to run
NATIVE= # whether AiBridge is compiled ahead of time

ensure_dotnet() {
  have dotnet || die "the .NET SDK is missing (no 'dotnet' on PATH): https://dotnet.microsoft.com/download"
}

ensure_sdk() {
  ensure_dotnet
  (cd "$ROOT" && dotnet --version >/dev/null 2>&1) ||
    die "the .NET SDK that global.json names is missing ($(sed -nE 's/.*"version": *"([^"]+)".*/\1/p' "$ROOT/global.json") or newer): https://dotnet.microsoft.com/download"
}

# AiBridge is compiled ahead of time, into a native program. TRINITY_NATIVE=0, or a machine without a linker, leaves it to the just-in-time compiler.
check_native() {
  case ${TRINITY_NATIVE:-} in
    '' | 0 | 1) ;;
    *) usage_error "TRINITY_NATIVE is '$TRINITY_NATIVE': expected 0 or 1" ;;
  esac
}

can_link() { { have clang || have gcc; } && [[ -e /usr/include/stdlib.h ]]; }

# choose_native: sets NATIVE for the build that comes. A linker that cannot be had is an error only where it was asked for.
choose_native() {
  NATIVE=${TRINITY_NATIVE:-1}
  if ((!NATIVE)) || can_link; then return 0; fi
  if [[ -n ${TRINITY_NATIVE:-} ]] || can_install; then
    (install_packages "a linker (to compile AiBridge ahead of time)" gcc libc6-dev) && return 0
    [[ -z ${TRINITY_NATIVE:-} ]] || exit 1
  fi
  say "Without a linker (gcc and libc6-dev) AiBridge is not compiled ahead of time: it starts slower and takes more memory."
  NATIVE=0
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

# What is compiled ahead of time has the framework in it, and so needs another build for each of its patches.
sdk_version() { (cd "$ROOT" && dotnet --version 2>/dev/null); }

sdk_changed() { # BUILD
  local now
  now=$(sdk_version) && [[ $now != "$(cat -- "$1/sdk" 2>/dev/null)" ]]
}

is_native() { [[ -e $1/AiBridge/Trinity.AiBridge && ! -e $1/AiBridge/Trinity.AiBridge.dll ]]; } # BUILD

# One that could not be compiled ahead of time is good until there is a linker.
is_as_wanted() { # BUILD
  case ${TRINITY_NATIVE:-} in
    0) ! is_native "$1" ;;
    1) is_native "$1" ;;
    *) is_native "$1" || ! can_link ;;
  esac
}

unlock_builds() { exec 8>&-; }

run_build() { # dotnet's arguments; shows what it said only when it fails
  local log=$BUILDS/build.log
  attend dotnet "$@" "${BUILD_OPTIONS[@]}" >"$log" 2>&1 || {
    grep -E '(error|warning) ' "$log" | sort -u | head -n 30 >&2 || tail -n 20 "$log" >&2
    die "the build failed ($log)${BUILD_HINT:-}"
  }
}

# The native program has intermediate files of its own: it is built for one kind of processor, everything else for any.
# Those of a build that was broken off are not trusted: a half-written one is newer than what it was made from.
publish_native() { # DIRECTORY
  local files=$ROOT/artifacts/native
  if [[ -e $files/unfinished ]]; then rm -rf -- "$files"; fi
  mkdir -p -- "$files"
  touch -- "$files/unfinished"
  BUILD_HINT='; TRINITY_NATIVE=0 does without compiling ahead of time' run_build publish "$ROOT/src/AiBridge" --artifacts-path "$files" -o "$1"
  rm -f -- "$files/unfinished" "$1"/*.{pdb,xml} # which neither the program reads nor a debugger: that takes the .dbg
}

publish_services() { # DIRECTORY
  run_build publish "$ROOT/src/ControlPlane" -o "$1/ControlPlane"
  if ((NATIVE)); then
    publish_native "$1/AiBridge"
  else
    run_build publish "$ROOT/src/AiBridge" -p:Managed=true -o "$1/AiBridge"
  fi
}

# Builds that no process runs from, or was told of, are removed. grep reads its pattern from stdin so as not to find itself.
remove_old_builds() {
  local directory
  for directory in "$BUILDS"/*/; do
    directory=${directory%/}
    [[ $directory != "$BUILD" ]] || continue
    # shellcheck disable=SC2062  # a glob of files, not a pattern
    if ! grep -qs --fixed-strings --file=- /proc/[0-9]*/{cmdline,environ} <<<"$directory/"; then rm -rf -- "$directory"; fi
  done
}

# ensure_build: sets BUILD, building first when a source is newer than the last build, or that was built for another way of running.
ensure_build() {
  check_native
  lock_builds
  if BUILD=$(current_build) && ! sources_changed && ! sdk_changed "$BUILD" && is_as_wanted "$BUILD"; then
    unlock_builds
    return 0
  fi
  ensure_sdk
  choose_native
  local id
  id=$(date +%Y%m%d-%H%M%S)-$$
  say "Building the services (some minutes the first time)."
  touch -- "$BUILDS/begun"
  rm -rf -- "$BUILDS/$id.new"
  publish_services "$BUILDS/$id.new"
  sdk_version >"$BUILDS/$id.new/sdk"
  mv -- "$BUILDS/$id.new" "$BUILDS/$id"
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
