#!/usr/bin/env bash
# curl and JSON-RPC, by hand.
set -euo pipefail
url=$1

# rpc METHOD PARAMS: the whole reply on one line
rpc() { curl -sS --max-time 30 -H 'content-type: application/json' -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":[$2]}" "$url/jsonrpc"; }
# text METHOD PARAMS: a result that is a string, or the first of a list of them
text() { rpc "$1" "$2" | sed -n 's/^.*"result":\[\{0,1\}"\([^"]*\)".*$/\1/p'; }
# code METHOD PARAMS: the error that it has to answer
code() { rpc "$1" "$2" | sed -n 's/^.*"error":{[^}]*"message":"\([^"]*\)".*$/\1/p'; }
ask() { echo "? $1"; read -r answer; }

# finish METHOD PARAMS: an asynchronous call, to its end
finish() {
  task=$(text "Async.$1" "$2")
  while status=$(text task.get_status "\"$session\",\"$task\"") && [[ $status == pending ]]; do sleep 0.05; done
  if [[ $status == failure ]]; then status=$(text task.get_error_info "\"$session\",\"$task\""); fi
  rpc task.destroy "\"$session\",\"$task\"" >/dev/null
}
state() { text VM.get_power_state "\"$session\",\"$1\""; }
login() { session=$(text session.login_with_password '"root","xenroot","1.0","curl.sh"'); }

login
echo "logged in"
vm=$(text VM.get_by_name_label "\"$session\",\"app-1\"")
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
token=$(rpc event.from "\"$session\",[\"vm/$web\"],\"\",0.0" | sed -n 's/^.*"token":"\([^"]*\)".*$/\1/p')
ask "halt web-1"
seen=
while [[ $seen != Halted ]]; do
  reply=$(rpc event.from "\"$session\",[\"vm/$web\"],\"$token\",10.0")
  token=$(sed -n 's/^.*"token":"\([^"]*\)".*$/\1/p' <<<"$reply")
  seen=$(sed -n 's/^.*"power_state":"\([^"]*\)".*$/\1/p' <<<"$reply")
done
echo "saw web-1 $seen"

rpc event.register "\"$session\",[\"vm\"]" >/dev/null
ask lose-events
echo "lost $(code event.next "\"$session\"")"

ask new-master
[[ $(code session.login_with_password '"root","xenroot","1.0","curl.sh"') == HOST_IS_SLAVE ]] || echo "the old master is no slave"
url=$answer
login
echo "new master app-1 $(state "$vm")"
finish VM.start "\"$session\",\"$vm\",false,false"
echo "app-1 start $status $(state "$vm")"
rpc session.logout "\"$session\"" >/dev/null
