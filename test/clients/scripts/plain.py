"""Python's own XML-RPC, which knows nothing of XAPI."""
import sys
import time
import xmlrpc.client


class Refused(Exception):
    pass


class Pool:
    def __init__(self, url):
        self.server = xmlrpc.client.ServerProxy(url)
        self.session = self.value(self.server.session.login_with_password("root", "xenroot", "1.0", "plain.py"))

    def value(self, reply):
        if reply["Status"] != "Success":
            raise Refused(reply["ErrorDescription"][0])
        return reply["Value"]

    def call(self, method, *args):
        return self.value(getattr(self.server, method)(self.session, *args))

    def finish(self, method, *args):
        task = self.call("Async." + method, *args)
        while self.call("task.get_status", task) == "pending":
            time.sleep(0.05)
        record = self.call("task.get_record", task)
        self.call("task.destroy", task)
        if record["status"] != "success":
            raise Refused(record["error_info"][0])
        return record["status"]


def say(*words):
    print(*words, flush=True)


def ask(wish):
    say("?", wish)
    return sys.stdin.readline().strip()


url = sys.argv[1]
pool = Pool(url)
say("logged in")
vm = pool.call("VM.get_by_name_label", "app-1")[0]
xen3 = pool.call("host.get_by_name_label", "xen-3")[0]
xen1 = pool.call("host.get_by_name_label", "xen-1")[0]
status = pool.finish("VM.start_on", vm, xen1, False, False)
say("app-1 start", status, pool.call("VM.get_power_state", vm))
while "pool_migrate" not in pool.call("VM.get_allowed_operations", vm):
    time.sleep(0.05)  # the guest's agent has to report first
status = pool.finish("VM.pool_migrate", vm, xen3, {"live": "true"})
say("app-1 pool_migrate", status, pool.call("host.get_name_label", pool.call("VM.get_resident_on", vm)))
status = pool.finish("VM.hard_shutdown", vm)
say("app-1 hard_shutdown", status, pool.call("VM.get_power_state", vm))
try:
    pool.finish("VM.clean_shutdown", vm)
except Refused as e:
    say("app-1 clean_shutdown", e)

batch = pool.call("event.from", ["vm"], "", 0.0)
web = pool.call("VM.get_by_name_label", "web-1")[0]
ask("halt web-1")
state = ""
while state != "Halted":
    batch = pool.call("event.from", ["vm/" + web], batch["token"], 10.0)
    for event in batch["events"]:
        state = event["snapshot"]["power_state"]
say("saw web-1", state)

pool.call("event.register", ["vm"])
ask("lose-events")
try:
    pool.call("event.next")
except Refused as e:
    say("lost", e)

other = ask("new-master")
try:
    pool.call("VM.get_all")
    say("the old session is good")
except (Refused, OSError, xmlrpc.client.ProtocolError) as e:
    pass
pool = Pool(other)
say("new master app-1", pool.call("VM.get_power_state", vm))
status = pool.finish("VM.start", vm, False, False)
say("app-1 start", status, pool.call("VM.get_power_state", vm))
pool.call("session.logout")
