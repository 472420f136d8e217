package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// files makes up something that is done to manifests.
func (g *generator) files(at time.Duration) {
	switch g.rng.IntN(5) {
	case 0:
		g.at(at, "undeclare", g.vm())
	case 1:
		g.at(at, "rename-file", g.vm())
	case 2:
		g.at(at, "delete-file", g.vm())
	default:
		g.at(at, "break", pick(g.rng, breakages...))
		g.at(g.after(at, 200), "mend")
	}
}

// people makes up what is done to VMs by hand, or by their guests.
func (g *generator) people(at time.Duration) {
	switch g.rng.IntN(9) {
	case 0:
		g.at(at, "backup", g.vm(), g.seconds(200))
	case 1:
		g.at(at, "flip", g.vm(), pick(g.rng, "Running", "Halted"), fmt.Sprintf("%ds", 60+g.rng.IntN(400)))
	case 2:
		name := g.vm()
		g.at(at, "rename", name, name+"-renamed")
		g.at(at+time.Minute, "rename", name+"-renamed", name)
	case 3:
		g.at(at, pick(g.rng, "twin", "remove"), g.vm())
	default:
		verb := pick(g.rng, "halt", "start", "pause", "unpause", "suspend", "resume", "migrate", "power-off", "reboot", "crash")
		g.at(at, "click", verb, g.vm(), g.host())
	}
}

// strangers makes up what other clients do on the wire.
func (g *generator) strangers(at time.Duration) {
	switch g.rng.IntN(6) {
	case 0:
		g.at(at, "balancer", fmt.Sprintf("%ds", 60+g.rng.IntN(200)), fmt.Sprintf("%ds", 200+g.rng.IntN(700)))
	case 1:
		g.at(at, "snapshot", g.vm(), g.seconds(200))
	case 2:
		g.at(at, "protect", g.vm())
	default:
		verb := pick(g.rng, "start", "clean_shutdown", "hard_shutdown", "clean_reboot", "suspend", "resume", "pause", "unpause")
		g.at(at, "person", verb, g.vm())
	}
}

// meddlers makes up what is done to our sessions and tasks.
func (g *generator) meddlers(at time.Duration) {
	switch g.rng.IntN(5) {
	case 0:
		g.at(at, "log-out")
	case 1:
		g.at(at, "evict")
	case 2:
		g.at(at, "flush-tasks")
	default:
		g.at(at, "meddle", pick(g.rng, "cancel", "destroy"), fmt.Sprintf("%ds", 60+g.rng.IntN(300)))
		g.provoke(at)
	}
}

// provoke gives our process something to do.
func (g *generator) provoke(at time.Duration) {
	if g.rng.IntN(2) == 0 {
		g.declare(g.after(at, 20))
		return
	}
	g.at(g.after(at, 20), "click", pick(g.rng, "halt", "start"), g.vm(), g.host())
}

// wire makes up something that befalls a call.
func (g *generator) wire(at time.Duration) {
	method := pick(g.rng, "Async.VM.*", "Async.VM.*", "Async.VM.start*", "task.*", "event.*", "event.*", "VM.get_all_records", "session.*", "*")
	mishap := pick(g.rng, "lose-reply", "lose-reply", "reset", "hang", "half-reply", "stalled-reply",
		"proxy-refuses:503", "proxy-refuses:502", "proxy-refuses:200", "proxy-gives-up:502", "proxy-gives-up:504",
		"delay:"+g.seconds(25), "delay:"+g.seconds(200), "late:"+g.seconds(90), "fails:SESSION_INVALID", "fails:HOST_STILL_BOOTING")
	g.befall(at, mishap, method)
}

// befall lets a mishap befall a call of ours, and mostly has us make one.
func (g *generator) befall(at time.Duration, mishap, method string) {
	g.at(at, "fault", mishap, method, fmt.Sprint(1+g.rng.IntN(3)), fmt.Sprintf("%ds", 30+g.rng.IntN(600)))
	if g.rng.IntN(3) > 0 {
		g.provoke(at)
	}
}

// operations are the calls of ours that make tasks.
var operations = []string{
	"VM.start", "VM.start_on", "VM.resume", "VM.resume_on", "VM.unpause", "VM.pause", "VM.suspend", "VM.clean_shutdown", "VM.hard_shutdown",
	"VM.pool_migrate",
}

// tasks makes up an operation of ours that goes wrong inside the pool, with one of the errors that xapi has for it.
func (g *generator) tasks(at time.Duration) {
	operation := pick(g.rng, operations...)
	switch g.rng.IntN(6) {
	case 0:
		g.befall(at, "task-hangs", "Async."+operation)
	case 1:
		g.befall(at, pick(g.rng, "handshake-fails", "guest-lost"), "Async.VM.pool_migrate")
	case 2:
		g.befall(at, "fails:"+pick(g.rng, "TOO_MANY_PENDING_TASKS", "OTHER_OPERATION_IN_PROGRESS", "INTERNAL_ERROR", "RBAC_PERMISSION_DENIED"), "Async.VM.*")
	default:
		g.befall(at, "task-fails:"+pick(g.rng, plausible(operation)...), "Async."+operation)
	}
}

// plausible are the errors of an operation: those that xapi's description has, and those that can happen to any.
func plausible(operation string) []string {
	codes := []string{"INTERNAL_ERROR", "SR_BACKEND_FAILURE_44", "CANNOT_CONTACT_HOST", "HOST_OFFLINE", "TASK_CANCELLED", "HANDLE_INVALID", "LICENCE_RESTRICTION"}
	model, err := datamodel.Load()
	if err != nil {
		return codes
	}
	class, name, _ := strings.Cut(operation, ".")
	return append(codes, model.Class(class).Message(name).Errors...)
}

// events makes up trouble with events and connections.
func (g *generator) events(at time.Duration) {
	switch g.rng.IntN(5) {
	case 0:
		g.at(at, "lose-events")
	case 1:
		g.at(at, "drop-connections")
	case 2:
		g.at(at, "echo", pick(g.rng, "VM", "VM", "host", "pool"))
	case 3:
		g.befall(at, "events-lost", "event.*")
	default:
		g.befall(at, "delay:"+g.seconds(100), "event.*")
	}
}

// process makes up what befalls our own process and its files.
func (g *generator) process(at time.Duration) {
	switch g.rng.IntN(6) {
	case 0:
		g.at(at, "journal-full", fmt.Sprintf("%ds", 10+g.rng.IntN(100)))
		g.provoke(at)
	case 1:
		g.at(at, "spoil-state", pick(g.rng, "lost", "torn"))
		g.at(at+time.Second, "kill", "1", "before", "keep", g.seconds(20))
		g.provoke(at)
	default:
		g.at(at, "kill", fmt.Sprint(1+g.rng.IntN(12)), pick(g.rng, "before", "after"), pick(g.rng, "keep", "lose"), g.seconds(60))
		g.provoke(at)
	}
}

// machine makes up something that befalls a host.
func (g *generator) machine(at time.Duration) {
	host := g.host()
	switch g.rng.IntN(8) {
	case 0, 1:
		g.at(at, "die", host)
		g.at(g.after(at, 900), "power", host)
	case 2:
		g.at(at, "stop-member", host)
		g.at(at+time.Minute, "start-member", host)
	case 3:
		g.at(at, "skew", host, fmt.Sprintf("%ds", g.rng.IntN(7200)-3600))
	case 4:
		g.at(at, "strand", host, pick(g.rng, "HOST_MASTER_CANNOT_TALK_BACK", "HOST_HAS_NO_MANAGEMENT_IP", "HOST_BROKEN"))
		g.at(g.after(at, 300), "unstrand", host)
	case 5:
		g.at(at, "disable", host)
		g.at(at+2*time.Minute, "enable", host)
	default:
		g.at(at, "crash", host)
	}
}

// masters makes up how a pool changes its master, or loses a member.
func (g *generator) masters(at time.Duration) {
	host := g.host()
	switch g.rng.IntN(5) {
	case 0:
		g.at(at, "designate", host)
	case 1: // the master's power fails, another is made master, and then it comes back with a pool.conf that says master
		g.at(at, "die", "xen-1")
		g.at(at+20*time.Second, "kill-master", host)
		g.at(g.after(at+30*time.Second, 300), "power", "xen-1")
	case 2:
		g.at(at, "eject", host)
	case 3: // the one that our process was told of leaves the pool
		g.at(at, "designate", host)
		g.at(at+2*time.Minute, "eject", "xen-1")
	default:
		g.at(at, "kill-master", host)
	}
}
