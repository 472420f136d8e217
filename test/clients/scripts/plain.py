"""Python's own XML-RPC, which knows nothing of XAPI."""
import sys
import time
import xmlrpc.client


class Refused(Exception):
    def __str__(self):
        return " ".join(word for word in self.args if not word.startswith("OpaqueRef:"))


class Pool:
    def __init__(self, url):
        self.server = xmlrpc.client.ServerProxy(url)
        self.session = self.value(self.server.session.login_with_password("root", "xenroot", "1.0", "plain.py"))

    def value(self, reply):
        if reply["Status"] != "Success":
            raise Refused(*reply["ErrorDescription"])
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
            raise Refused(*record["error_info"])
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
say("app-1 has", len(pool.call("VM.get_record", vm)), "fields")
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

def await_web(wanted):
    """Reads event.next until it tells of a state of web-1."""
    state = ""
    while state != wanted:
        for event in pool.call("event.next"):
            if event["ref"] == web:
                state = event["snapshot"]["power_state"]
    say("saw web-1", state)


pool.call("event.register", ["vm"])
ask("lose-events")
try:
    pool.call("event.next")
except Refused as e:
    say("lost", e)
pool.call("VM.get_all_records")  # what was lost is read anew; the subscription goes on
ask("start web-1")
await_web("Running")

ask("new-master")
try:
    pool.call("VM.get_all")
    say("the old session is good")
except (Refused, OSError, xmlrpc.client.ProtocolError) as e:
    pass
while True:  # the old master is a member now, and names the new one; while it starts it does not answer, or says so
    try:
        pool = Pool(url)
        break
    except Refused as e:
        if e.args[0] == "HOST_IS_SLAVE":
            url = "http://" + e.args[1] + ":" + url.rsplit(":", 1)[1]
        elif e.args[0] != "HOST_STILL_BOOTING":
            raise
    except (OSError, xmlrpc.client.ProtocolError):
        pass
    time.sleep(0.05)
say("new master app-1", pool.call("VM.get_power_state", vm))
pool.call("event.register", ["vm"])
ask("halt web-1")
await_web("Halted")
status = pool.finish("VM.start", vm, False, False)
say("app-1 start", status, pool.call("VM.get_power_state", vm))
pool.call("session.logout")
