#!/usr/bin/env bash
# curl and JSON-RPC, by hand.
set -euo pipefail
url=$1

# rpc METHOD PARAMS: the whole reply on one line
rpc() { curl -sS --max-time 30 -H 'content-type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":[$2]}" "$url/jsonrpc"; }
# text METHOD PARAMS: a result that is a string, or the first of a list of them
text() { rpc "$1" "$2" | sed -n 's/^.*"result":\[\{0,1\}"\([^"]*\)".*$/\1/p'; }
# code METHOD PARAMS: the error that it has to answer; detail METHOD PARAMS: the error's first parameter
code() { rpc "$1" "$2" | sed -n 's/^.*"error":{[^}]*"message":"\([^"]*\)".*$/\1/p'; }
detail() { rpc "$1" "$2" | sed -n 's/^.*"error":{[^}]*"data":\["\([^"]*\)".*$/\1/p'; }
# members: how many members the object has that a reply on stdin holds
members() { sed -E 's/^.*"result":\{//; s/"(\\.|[^"\])*"/s/g; :a; s/\{[^{}]*\}|\[[^][]*\]/v/g; ta; s/\}.*$//' | tr -cd : | wc -c; }
ask() { echo "? $1"; read -r; }

# reason TASK: why it failed, references left out
reason() { rpc task.get_error_info "\"$session\",\"$1\"" | sed 's/^.*"result":\[//; s/\].*$//; s/"OpaqueRef:[^"]*",//g; s/","/ /g; s/"//g'; }
# finish METHOD PARAMS: an asynchronous call, to its end
finish() {
  task=$(text "Async.$1" "$2")
  while status=$(text task.get_status "\"$session\",\"$task\"") && [[ $status == pending ]]; do sleep 0.05; done
  if [[ $status == failure ]]; then status=$(reason "$task"); fi
  rpc task.destroy "\"$session\",\"$task\"" >/dev/null
}
state() { text VM.get_power_state "\"$session\",\"$1\""; }
login() { session=$(text session.login_with_password '"root","xenroot","1.0","curl.sh"'); }

login
echo "logged in"
vm=$(text VM.get_by_name_label "\"$session\",\"app-1\"")
echo "app-1 has $(rpc VM.get_record "\"$session\",\"$vm\"" | members) fields"
xen1=$(text host.get_by_name_label "\"$session\",\"xen-1\"")
xen3=$(text host.get_by_name_label "\"$session\",\"xen-3\"")
finish VM.start_on "\"$session\",\"$vm\",\"$xen1\",false,false"
echo "app-1 start $status $(state "$vm")"
until rpc VM.get_allowed_operations "\"$session\",\"$vm\"" | grep -q pool_migrate; do sleep 0.05; done # the guest's agent has to report first
finish VM.pool_migrate "\"$session\",\"$vm\",\"$xen3\",{\"live\":\"true\"}"
host=$(text VM.get_resident_on "\"$session\",\"$vm\"")
echo "app-1 pool_migrate $status $(text host.get_name_label "\"$session\",\"$host\"")"
finish VM.hard_shutdown "\"$session\",\"$vm\""
echo "app-1 hard_shutdown $status $(state "$vm")"
finish VM.clean_shutdown "\"$session\",\"$vm\""
echo "app-1 clean_shutdown $status"

web=$(text VM.get_by_name_label "\"$session\",\"web-1\"")
# follow: where events of web-1 are read from; await STATE: reads them until it is in that state
follow() { token=$(rpc event.from "\"$session\",[\"vm/$web\"],\"\",0.0" | sed -n 's/^.*"token":"\([^"]*\)".*$/\1/p'); }
await() {
  seen=
  while [[ $seen != "$1" ]]; do
    reply=$(rpc event.from "\"$session\",[\"vm/$web\"],\"$token\",10.0")
    token=$(sed -n 's/^.*"token":"\([^"]*\)".*$/\1/p' <<<"$reply")
    seen=$(sed -n 's/^.*"power_state":"\([^"]*\)".*$/\1/p' <<<"$reply")
  done
  echo "saw web-1 $seen"
}
follow
ask "halt web-1"
await Halted

rpc event.register "\"$session\",[\"vm\"]" >/dev/null
ask lose-events
echo "lost $(code event.next "\"$session\"")"
ask "start web-1" # event.from loses nothing
await Running

ask new-master
params='"root","xenroot","1.0","curl.sh"'
# the old master is a member now, and names the new one; while it starts it does not answer, or says so
until master=$(detail session.login_with_password "$params" 2>/dev/null) && [[ -n $master ]]; do sleep 0.05; done
url=http://$master:${url##*:}
login
echo "new master app-1 $(state "$vm")"
follow
ask "halt web-1"
await Halted
finish VM.start "\"$session\",\"$vm\",false,false"
echo "app-1 start $status $(state "$vm")"
rpc session.logout "\"$session\"" >/dev/null
