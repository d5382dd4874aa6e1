# shellcheck shell=bash
# Starting, knowing again and stopping processes. A process is known by pid, start time and boot: a reused pid is never
# signalled. $DATA/run/NAME.pid holds that identity; nobody but the owner of $DATA can write there.

STOP_GRACE=${TRINITY_STOP_GRACE:-30} # seconds a service may take to finish what is in flight

# process_identity PID: "pid start boot", or failure when it is gone (a zombie is gone).
process_identity() {
  local stat fields boot
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }" # after the name, which may hold anything: state, …, start time (20th)
  [[ ${fields[0]:-X} != [ZX] ]] || return 1
  boot=$(</proc/sys/kernel/random/boot_id)
  printf '%s %s %s\n' "$1" "${fields[19]}" "$boot"
}

record_process() { # NAME PID
  local identity
  identity=$(process_identity "$2") || return 0 # already dead: whoever waits for it will notice
  printf '%s\n' "$identity" >"$DATA/run/$1.pid.new"
  mv -f -- "$DATA/run/$1.pid.new" "$DATA/run/$1.pid"
}

# recorded_pid NAME: the pid of a recorded process that still runs.
recorded_pid() {
  local identity pid
  identity=$(cat -- "$DATA/run/$1.pid" 2>/dev/null) || return 1
  pid=${identity%% *}
  [[ $pid =~ ^[0-9]+$ ]] && [[ $(process_identity "$pid") == "$identity" ]] || return 1
  printf '%s\n' "$pid"
}

runs() { recorded_pid "$1" >/dev/null; }

forget_process() { rm -f -- "$DATA/run/$1.pid"; }

# A daemon must hold neither our locks nor a pipe that our caller reads to its end.
close_inherited_files() {
  local path fd
  for path in /proc/self/fd/*; do
    fd=${path##*/}
    if ((fd > 2 && fd != 255)); then exec {fd}>&-; fi # 255 is bash's own, closed on exec
  done
}

# spawn NAME DIRECTORY COMMAND…: a daemon of its own session with its log in $DATA/logs/NAME.log (the previous one beside it).
spawn() {
  local name=$1 directory=$2 log=$DATA/logs/$1.log
  shift 2
  if [[ -s $log ]]; then mv -f -- "$log" "$log.1"; fi
  (
    trap - EXIT TERM
    umask 077
    cd -- "$directory" || exit
    close_inherited_files
    exec setsid -- "$@" </dev/null >"$log" 2>&1
  ) &
  record_process "$name" "$!"
  disown # from here on the record is what knows it, and bash does not report its end
}

# end_jobs: ends what is still a job of this shell: a build, or a daemon caught between its start and its record. Asks
# repeatedly, for a process that is just being made may miss a signal.
end_jobs() {
  local pids signal=TERM began=$SECONDS
  while read -ra pids -d '' < <(jobs -pr) || ((${#pids[@]})); do
    if ((SECONDS - began > 10)); then signal=KILL; fi
    kill -s "$signal" "${pids[@]}"
    sleep 0.2
  done
} 2>/dev/null

signal_process() { # SIGNAL NAME
  local pid
  if pid=$(recorded_pid "$2"); then kill -s "$1" "$pid" 2>/dev/null || true; fi
}

any_runs() {
  local name
  for name in "$@"; do
    if runs "$name"; then return 0; fi
  done
  return 1
}

# stop_processes SIGNAL LAST NAME…: SIGNAL now, LAST when the grace is over (a second Ctrl-C ends the grace).
stop_processes() {
  local signal=$1 last=$2 name began=$SECONDS
  shift 2
  for name in "$@"; do signal_process "$signal" "$name"; done
  while any_runs "$@" && ((SECONDS - began < STOP_GRACE)); do sleep 0.1; done
  for name in "$@"; do
    if runs "$name"; then
      warn "$name did not stop within $STOP_GRACE s: ending it with SIG$last"
      signal_process "$last" "$name"
    fi
  done
  began=$SECONDS
  while any_runs "$@" && ((SECONDS - began < 10)); do sleep 0.1; done
  for name in "$@"; do
    if runs "$name"; then warn "$name (pid $(recorded_pid "$name")) does not end"; else forget_process "$name"; fi
  done
}
