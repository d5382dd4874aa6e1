# shellcheck shell=bash
# The peers of ./trinity bench: installing and starting them.

# Debian's nginx would start itself on port 80 when it is installed; nobody asked for that.
ensure_nginx() {
  local policy=/usr/sbin/policy-rc.d
  if [[ -x /usr/sbin/nginx ]]; then return 0; fi
  if [[ -e $policy ]] || ! can_install; then
    install_packages "nginx (a peer of the benchmark)" nginx-light
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_admin tee "$policy" >/dev/null
  as_admin chmod 755 "$policy"
  (trap 'as_admin rm -f -- "$policy"' EXIT && install_packages "nginx (a peer of the benchmark)" nginx-light) || exit 1
}

readonly PORTKEY=$ROOT/artifacts/bench-portkey

ensure_portkey() {
  ensure_node
  if cmp -s "$ROOT/bench/portkey/package-lock.json" "$PORTKEY/installed-lock.json"; then return 0; fi
  say "Installing Portkey's gateway (a peer of the benchmark)."
  mkdir -p -- "$PORTKEY"
  cp -- "$ROOT"/bench/portkey/package{,-lock}.json "$PORTKEY"
  attend npm ci --prefer-offline --prefix "$PORTKEY" --ignore-scripts --no-audit --no-fund >"$SETUP_LOG" 2>&1 </dev/null || die "npm could not install Portkey's gateway ($SETUP_LOG)"
  cp -- "$PORTKEY/package-lock.json" "$PORTKEY/installed-lock.json"
}

# A smoke run is content with the peers that can be had.
ensure_peers() {
  if [[ $BENCH_PLAN != smoke ]]; then
    if ((BENCH_NGINX)); then ensure_nginx; fi
    if ((BENCH_PORTKEY)); then ensure_portkey; fi
    return 0
  fi
  if ((BENCH_NGINX)); then attend ensure_nginx || BENCH_NGINX=0; fi
  if ((BENCH_PORTKEY)); then attend ensure_portkey || BENCH_PORTKEY=0; fi
}

write_nginx_config() { # FILE PORT UPSTREAM
  cat >"$1" <<NGINX
daemon off;
master_process off;
worker_processes 1;
pid $DATA/nginx.pid;
error_log $DATA/logs/nginx-errors.log;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path $DATA/nginx-body;
  proxy_temp_path $DATA/nginx-proxy;
  fastcgi_temp_path $DATA/nginx-fastcgi;
  uwsgi_temp_path $DATA/nginx-uwsgi;
  scgi_temp_path $DATA/nginx-scgi;
  client_max_body_size 32m;
  client_body_buffer_size 2m;
  keepalive_requests 1000000;
  upstream bench { server ${3#http://}; keepalive 256; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:$2;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
NGINX
}

answers() { [[ -n $(http_status 127.0.0.1 "$1" /) ]]; } # PORT: any status will do

await_peer() { # NAME PORT
  local began=$SECONDS
  until answers "$2"; do
    runs "$1" || die "$1 ended while starting: $(telling_line "$DATA/logs/$1.log")"
    ((SECONDS - began < READY_WAIT)) || die "$1 is not ready after $READY_WAIT s"
    sleep 0.1
  done
}

# The upstream answers, and the load reads, on the thread that sees the sockets' events: that halves what they take of the core that they share.
readonly ON_SOCKETS_THREAD=DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1

start_peers() {
  free_port
  UPSTREAM=http://127.0.0.1:$FREE_PORT
  spawn bench-upstream "$DATA" "${AS_LOAD[@]}" env "$ON_SOCKETS_THREAD" dotnet "$PROGRAM" upstream "$UPSTREAM"
  await_peer bench-upstream "$FREE_PORT"
  free_port
  RUN_OPTIONS+=("--upstream=$UPSTREAM,$(recorded_pid bench-upstream)")
  spawn bench-forwarder "$DATA" "${ON_GATEWAY_CORE[@]}" dotnet "$PROGRAM" forwarder "http://127.0.0.1:$FREE_PORT" "$UPSTREAM"
  await_peer bench-forwarder "$FREE_PORT"
  RUN_OPTIONS+=("--forwarder=http://127.0.0.1:$FREE_PORT,$(recorded_pid bench-forwarder)")
  if ((BENCH_NGINX)); then start_nginx; fi
  if ((BENCH_PORTKEY)); then start_portkey; fi
}

start_nginx() {
  free_port
  write_nginx_config "$DATA/nginx.conf" "$FREE_PORT" "$UPSTREAM"
  spawn bench-nginx "$DATA" "${ON_GATEWAY_CORE[@]}" /usr/sbin/nginx -c "$DATA/nginx.conf"
  await_peer bench-nginx "$FREE_PORT"
  RUN_OPTIONS+=("--nginx=http://127.0.0.1:$FREE_PORT,$(recorded_pid bench-nginx)")
}

start_portkey() {
  free_port
  spawn bench-portkey "$PORTKEY" "${ON_GATEWAY_CORE[@]}" node "$PORTKEY/node_modules/@portkey-ai/gateway/build/start-server.js" "--port=$FREE_PORT" --headless
  await_peer bench-portkey "$FREE_PORT"
  RUN_OPTIONS+=("--portkey=http://127.0.0.1:$FREE_PORT,$(recorded_pid bench-portkey)")
}

# The same programs with compiled code beside the other, away from the other builds' files: they are built for one kind of processor.
ensure_ready_to_run() {
  local project kind directory=$ROOT/artifacts/bench-ready-to-run
  case $(uname -m) in
    x86_64) kind=x64 ;;
    aarch64) kind=arm64 ;;
    *) warn "ReadyToRun is left out: unknown processor $(uname -m)" && return 1 ;;
  esac
  READY_TO_RUN=$directory/programs
  if ! program_is_stale Load "$directory/built"; then return 0; fi
  lock_builds
  ensure_sdk
  say "Compiling AiBridge and the bare forwarder for ReadyToRun (some minutes)."
  touch -- "$BUILDS/begun"
  for project in src/AiBridge bench/Load; do
    run_build publish "$ROOT/$project" -r "linux-$kind" --self-contained false -p:Managed=true -p:PublishReadyToRun=true \
      --artifacts-path "$directory/build" -o "$READY_TO_RUN/${project#*/}"
  done
  touch -r "$BUILDS/begun" -- "$directory/built"
  unlock_builds
}

# prepare_cold: what the cold section starts by itself, and where that shall listen. No environment of ours may set what it varies.
prepare_cold() {
  local name
  for name in "${!DOTNET_Tiered@}" "${!DOTNET_TC@}" "${!DOTNET_ReadyToRun@}"; do unset "$name"; done
  lock_builds
  run_build publish "$ROOT/src/AiBridge" -p:Managed=true -o "$ROOT/artifacts/bench-managed"
  unlock_builds
  choose_program aibridge
  RUN_OPTIONS+=("--cold-bridge=${PROGRAM_WORDS[-1]}" "--cold-managed-bridge=$ROOT/artifacts/bench-managed/Trinity.AiBridge.dll")
  free_port
  RUN_OPTIONS+=("--cold-bridge-url=http://127.0.0.1:$FREE_PORT")
  free_port
  RUN_OPTIONS+=("--cold-forwarder-url=http://127.0.0.1:$FREE_PORT")
  if [[ $BENCH_PLAN != smoke ]] && ensure_ready_to_run; then RUN_OPTIONS+=("--ready-to-run=$READY_TO_RUN"); fi
}
