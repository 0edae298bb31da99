#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts and stops the lab's own Docker engine, so that end-to-end tests never touch an engine
# (images, volumes, networks) that the person running them uses for something else.
#
#   engine.sh start    install if missing, start, wait until ready (does nothing when it runs)
#   engine.sh stop     stop it; its data stays in the cache
#   engine.sh clean    remove all stacks on it, for example those of a run that was killed
#   engine.sh status   say whether it answers
#   engine.sh env      print the variables a Docker client needs (for: eval "$(engine.sh env)")
#
# Exit codes: 0 ok, 1 it failed, 4 an engine cannot run here (the reason is on stderr).
set -euo pipefail

cache=${OBSCTL_LAB_CACHE:-$HOME/.cache/obsctl-lab}
root=$cache/engine
run=/run/obsctl-lab-engine   # runtime state; short, because socket paths are limited to 108 bytes
socket=$run/docker.sock
pidfile=$run/docker.pid
log=$root/dockerd.log
export DOCKER_HOST=unix://$socket

say() { printf 'lab: engine: %s\n' "$*" >&2; }
cannot() { say "cannot start: $*"; exit 4; }
answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

install_missing() {
  command -v dockerd >/dev/null && command -v docker >/dev/null \
    && command -v iptables >/dev/null && return
  command -v apt-get >/dev/null || cannot "docker.io is not installed and there is no apt-get"
  say "installing docker.io"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends docker.io iptables; } >&2 \
    || cannot "docker.io could not be installed"
  # Debian starts its own service on installation; ours has its own state, so leave that alone.
}

# Some minimal systems mount no cgroup hierarchy for us; without one no container can start.
check_kernel() {
  [[ $(id -u) == 0 ]] || cannot "needs root"
  grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null \
    || cannot "the kernel has no overlay filesystem"
  [[ -n $(find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -print -quit) ]] \
    || cannot "no cgroup hierarchy is mounted"
}

start() {
  check_kernel
  install_missing
  if answers; then return; fi
  mkdir -p "$root" "$run"
  rm -f "$pidfile"
  # --bridge=none: compose makes a network per project; a second docker0 could clash.
  # live-restore is off, so stopping the engine stops its containers.
  # Its own mount namespace with shared propagation: systemd makes / shared, minimal systems do
  # not, and node_exporter's usual bind mount of / (rslave) needs it.
  nohup setsid unshare --mount --propagation shared dockerd --data-root "$root/data" --exec-root "$run/exec" --pidfile "$pidfile" \
    --host "$DOCKER_HOST" --storage-driver overlay2 --bridge=none >"$log" 2>&1 </dev/null &
  local daemon=$!
  for _ in $(seq 120); do
    answers && return
    kill -0 "$daemon" 2>/dev/null || { tail -5 "$log" >&2; cannot "dockerd exited, see $log"; }
    sleep 0.5
  done
  tail -5 "$log" >&2
  say "dockerd did not answer within 60 s, see $log"
  exit 1
}

stop() {
  [[ -s $pidfile ]] || { say "not running"; return 0; }
  local daemon
  daemon=$(<"$pidfile")
  kill "$daemon" 2>/dev/null || return 0
  for _ in $(seq 60); do
    kill -0 "$daemon" 2>/dev/null || return 0
    sleep 0.5
  done
  say "dockerd ($daemon) did not stop within 30 s"
  exit 1
}

clean() {
  docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
  docker volume ls --quiet | xargs --no-run-if-empty docker volume rm >/dev/null
  docker network prune --force >/dev/null
}

# The compose plugin is the lab's own build; a private config directory makes the client find it
# and keeps the user's registry credentials out of the lab.
client_env() {
  local config=$cache/docker-config
  mkdir -p "$config/cli-plugins"
  ln -sfn "$cache/bin/docker-compose" "$config/cli-plugins/docker-compose"
  printf 'export DOCKER_HOST=%q DOCKER_CONFIG=%q\n' "$DOCKER_HOST" "$config"
}

case ${1:-} in
  start) start; say "ready: Docker $(docker version --format '{{.Server.Version}}') at $socket" ;;
  stop) stop ;;
  clean) clean ;;
  status) if answers; then say "running at $socket"; else say "not running"; exit 4; fi ;;
  env) client_env ;;
  *) sed -n '3,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
