#!/bin/bash
# Stops, kills, starts or restarts one process of a running cluster, or lets it hang, for tests of outages.
# usage: component.sh stop|kill|start|restart|freeze|thaw NAME     e.g. component.sh kill kube-apiserver
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/config.sh"
. "$here/components.sh"

[ $# = 2 ] || die "usage: component.sh stop|kill|start|restart|freeze|thaw NAME (one of ${COMPONENTS[*]})"
case " ${COMPONENTS[*]} " in *" $2 "*) ;; *) die "unknown component: $2 (one of ${COMPONENTS[*]})" ;; esac
require_root
[ -f "$LLMOPS_STATE/conf/address" ] || die "no cluster here: run e2e/cluster/up.sh"

end() { stop_components "$1"; }
kill_now() { mapfile -t pids < <(pids_of "$1"); [ ${#pids[@]} = 0 ] || { kill -9 "${pids[@]}"; end_all 1 "${pids[@]}"; }; }
signal() { mapfile -t pids < <(pids_of "$2"); [ ${#pids[@]} -gt 0 ] || die "$2 does not run"; kill "-$1" "${pids[@]}"; }
begin() {
  [ -z "$(pids_of "$1")" ] || die "$1 is running"
  start_component "$1"
  case $1 in kube-apiserver | etcd) wait_for "API server ready" 60 api_ready ;; esac
}
case $1 in
  stop) end "$2" ;;
  kill) kill_now "$2" ;;
  start) begin "$2" ;;
  restart) end "$2"; begin "$2" ;;
  freeze) signal STOP "$2" ;;
  thaw) signal CONT "$2" ;;
  *) die "unknown verb: $1" ;;
esac
