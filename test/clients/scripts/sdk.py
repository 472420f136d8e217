"""XenAPI.py, the SDK's own client, as Debian has it in python3-os-xenapi."""
import sys
import time

from os_xenapi.client import XenAPI


def say(*words):
    print(*words, flush=True)


def ask(wish):
    say("?", wish)
    return sys.stdin.readline().strip()


def login(url):
    session = XenAPI.Session(url)
    session.xenapi.login_with_password("root", "xenroot", "1.0", "sdk.py")
    return session


def finish(task):
    """Follows a task by its events."""
    record, token = {"status": "pending"}, ""
    while record["status"] == "pending":
        batch = getattr(session.xenapi, "event.from")(["task/" + task], token, 10.0)
        token = batch["token"]
        for event in batch["events"]:
            record = event["snapshot"]
    session.xenapi.task.destroy(task)
    if record["status"] != "success":
        raise XenAPI.Failure(record["error_info"])
    return record["status"]


session = login(sys.argv[1])
xenapi = session.xenapi
say("logged in")
vm = xenapi.VM.get_by_name_label("app-1")[0]
say("app-1 has", len(xenapi.VM.get_record(vm)), "fields")
xen1 = xenapi.host.get_by_name_label("xen-1")[0]
xen3 = xenapi.host.get_by_name_label("xen-3")[0]
status = finish(xenapi.Async.VM.start_on(vm, xen1, False, False))
say("app-1 start", status, xenapi.VM.get_record(vm)["power_state"])
while "pool_migrate" not in xenapi.VM.get_allowed_operations(vm):
    time.sleep(0.05)  # the guest's agent has to report first
status = finish(xenapi.Async.VM.pool_migrate(vm, xen3, {"live": "true"}))
say("app-1 pool_migrate", status, xenapi.host.get_name_label(xenapi.VM.get_resident_on(vm)))
status = finish(xenapi.Async.VM.hard_shutdown(vm))
say("app-1 hard_shutdown", status, xenapi.VM.get_power_state(vm))
try:
    finish(xenapi.Async.VM.clean_shutdown(vm))
except XenAPI.Failure as e:
    say("app-1 clean_shutdown", e.details[0], *e.details[2:])

def await_web(wanted):
    """Reads event.next until it tells of a state of web-1."""
    state = ""
    while state != wanted:
        for event in xenapi.event.next():
            if event["snapshot"]["name_label"] == "web-1":
                state = event["snapshot"]["power_state"]
    say("saw web-1", state)


xenapi.event.register(["vm"])
ask("halt web-1")
await_web("Halted")

ask("lose-events")
try:
    xenapi.event.next()
except XenAPI.Failure as e:
    say("lost", e.details[0])
xenapi.VM.get_all_records()  # what was lost is read anew; the subscription goes on
ask("start web-1")
await_web("Running")

ask("new-master")
url = sys.argv[1]
while True:  # the old master is a member now, and names the new one; while it starts it does not answer, or says so
    try:
        session = login(url)
        break
    except XenAPI.Failure as e:
        if e.details[0] == "HOST_IS_SLAVE":
            url = "http://" + e.details[1] + ":" + url.rsplit(":", 1)[1]
        elif e.details[0] != "HOST_STILL_BOOTING":
            raise
    except OSError:
        pass
    time.sleep(0.05)
xenapi = session.xenapi
say("new master app-1", xenapi.VM.get_power_state(vm))
xenapi.event.register(["vm"])
ask("halt web-1")
await_web("Halted")
status = finish(xenapi.Async.VM.start(vm, False, False))
say("app-1 start", status, xenapi.VM.get_power_state(vm))
session.logout()
