package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What the recorder did between the steps of a case, beside the requests that it kept.

const (
	web5     = "OpaqueRef:6b1aafa4-0458-2502-b86a-1e16be0929de"
	web6     = "OpaqueRef:43cd3455-2318-041e-bb72-5a5a9af0f55e"
	thePool  = "OpaqueRef:d2914cb4-a30c-f2ba-4851-be83dd4c3306"
	template = "OpaqueRef:e934bf9d-c985-ae2d-46ac-3cd887c3286e"
)

func once(step string, prepare func(*replay)) map[string]func(*replay) {
	return map[string]func(*replay){step: prepare}
}

// hand makes a call as another client would.
func (r *replay) hand(method string, params ...any) any {
	v, err := r.pool.perform(method, params...)
	if err != nil {
		r.t.Errorf("%s between the steps: %v", method, err)
	}
	return v
}

func (r *replay) describe(vm, text string) { r.hand("VM.set_name_description", vm, text) }

// master is another client of the master.
func (r *replay) master() *wire { return login1(r.t, r.pool) }

// later does something while the next request waits.
func (r *replay) later(d time.Duration, do func()) {
	go func() {
		time.Sleep(d)
		do()
	}()
}

func describeWeb5(r *replay) { r.describe(web5, "web server 5") }

func registerMessages(r *replay) {
	const session = "OpaqueRef:33b23408-9e90-10a1-3ff3-f7d7d8d8d299"
	r.pool.view(func(t *tx) {
		t.createAs("session", session, values{"auth_user_name": "root"})
		t.subscription(session).patterns = []pattern{newPattern("message")}
		r.learned[fmt.Sprintf("%020d", 1689)] = fmt.Sprintf("%020d", t.life.db.generation)
	})
}

// eventNextWrites are the writes that event.next is to tell of.
func eventNextWrites() map[string]func(*replay) {
	const run = 61321 // a number of the recorder in its texts
	touch := func(r *replay, vm string, n int) { r.describe(vm, fmt.Sprintf("touch %d %d", run, n)) }
	poolText := func(text string) func(*replay) {
		return func(r *replay) { r.hand("pool.set_name_description", thePool, text) }
	}
	var clone any
	return map[string]func(*replay){
		"01": threeEvents,
		"06": func(r *replay) {
			r.later(time.Second, func() { r.describe(web5, fmt.Sprintf("a change after 1 second %d", run)) })
		},
		"07": func(r *replay) {
			for n, vm := range []string{web5, web5, web6, web5} {
				touch(r, vm, n+1)
			}
		},
		"08": func(r *replay) {
			r.later(500*time.Millisecond, func() {
				for n := range 6 {
					r.describe(web5, fmt.Sprintf("burst %d %d", run, n))
					time.Sleep(60 * time.Millisecond)
				}
			})
		},
		"10": func(r *replay) { // between two writes of the burst
			r.hand("VM.add_to_other_config", web5, "x", "y")
			r.describe(web5, fmt.Sprintf("burst %d %d", run, 1))
			r.hand("VM.remove_from_other_config", web5, "x")
		},
		"11": func(r *replay) { // the burst goes on
			startsOn("OpaqueRef:d8b096da-6039-29bf-902e-57ba284924d7")(r)
			clone = r.master().must("VM.clone", template, "clone for events")
		},
		"12": func(r *replay) { r.hand("VM.destroy", clone) },
		"14": func(r *replay) {
			poolText(fmt.Sprintf("d1 %d", run))(r)
			touch(r, web5, 5)
		},
		"23": func(r *replay) {
			poolText(fmt.Sprintf("d2 %d", run))(r)
			touch(r, web5, 6)
		},
		"26": func(r *replay) { touch(r, web5, 7) },
		"30": func(r *replay) { // what the call without a client eats; then a heartbeat comes by itself
			poolText("")(r)
			time.Sleep(time.Second)
		},
		"33": func(r *replay) {
			r.pool.view(func(t *tx) {
				for n := range 7000 {
					t.set("VM", web5, "name_description", fmt.Sprintf("lost %d", n))
				}
			})
		},
		"35": func(r *replay) { touch(r, web5, 8) },
	}
}

// threeEvents are those that somebody else had registered for before.
func threeEvents(r *replay) {
	other := r.master()
	other.must("event.register", setOf("VM"))
	for n := range 3 {
		r.describe(web6, fmt.Sprint("before ", n))
	}
	other.must("session.logout")
}

// eventFromWrites are the writes that event.from is to tell of.
func eventFromWrites() map[string]func(*replay) {
	const run = 61321
	var clone any
	return map[string]func(*replay){
		"06": func(r *replay) { r.describe(web5, fmt.Sprintf("touch %d 8", run)) },
		"07": func(r *replay) { r.describe(web6, fmt.Sprintf("touch %d 9", run)) },
		"08": func(r *replay) {
			r.describe(web5, fmt.Sprintf("touch %d 10", run))
			r.describe(web5, fmt.Sprintf("touch %d 11", run))
		},
		"09": func(r *replay) { r.later(time.Second, func() { r.describe(web5, fmt.Sprintf("x1 %d", run)) }) },
		"17": lostTask("OpaqueRef:25bdb1c8-0e5b-0345-0a00-6931deda8fa9"),
		"26": func(r *replay) { clone = r.hand("VM.clone", template, "clone for from") },
		"27": func(r *replay) {
			lostTask("OpaqueRef:420b804f-bc09-03a0-8cd7-9bcf60d73053")(r)
			r.hand("VM.destroy", clone)
		},
		"28": func(r *replay) {
			lostTask("OpaqueRef:84dfa580-0000-0000-0000-000000000000")(r)
			r.hand("VM.destroy", r.hand("VM.clone", template, "clone for from"))
		},
		"31": func(r *replay) {
			r.hand("pool.set_name_description", thePool, "")
			r.hand("event.inject", "pool", thePool)
		},
		"32": func(r *replay) {
			r.later(500*time.Millisecond, func() {
				for n := range 8 {
					r.describe(web5, fmt.Sprintf("fb %d %d", run, n))
					time.Sleep(40 * time.Millisecond)
				}
			})
		},
	}
}

// lostTask is a task that a reader could have seen and did not: it went between the moment when xapi looked for changes
// and the moment when it read the objects, so that only its end is told.
func lostTask(ref string) func(*replay) {
	return func(r *replay) {
		r.pool.view(func(t *tx) {
			t.createAs("task", ref, values{})
			t.row("task", ref).created = 0
			t.destroy("task", ref)
			r.loaded[ref] = true
		})
	}
}

// call makes a call as another client would, with the time that it takes, and does not wait for its end.
func (r *replay) call(method string, params ...any) {
	w := login1(r.t, r.pool)
	go func() { _, _ = w.call(method, params...) }() // how it ends shows in what the steps see
}

// learnTask finds the newest task of a name, which the recording calls golden.
func (r *replay) learnTask(name, golden string) (ref string) {
	r.pool.view(func(t *tx) {
		var newest int64
		for _, row := range t.table("task").rows {
			if row.now.get("name_label") == name && row.created > newest {
				ref, newest = row.now.ref, row.created
			}
		}
	})
	if golden != "" {
		r.learned[golden] = strings.TrimPrefix(ref, "OpaqueRef:")
	}
	return ref
}

// syncCalls are the calls that overlap: each is sent while another runs, and cancelled through its task.
func syncCalls() map[string]func(*replay) {
	return map[string]func(*replay){
		"01": func(r *replay) {
			r.begin("02")
			time.Sleep(300 * time.Millisecond)
			r.learnTask("VM.start", "21bd2e2c-470e-ec62-ac93-c71633ecd53d")
		},
		"02": func(r *replay) { r.hand("task.cancel", r.learnTask("VM.start", "")) },
		"04": func(r *replay) {
			r.begin("04")
			time.Sleep(300 * time.Millisecond)
			r.hand("task.cancel", r.learnTask("VM.start", ""))
		},
		"05": func(r *replay) {
			r.call("VM.start", web5, false, false)
			time.Sleep(2 * time.Minute) // until its guest agent speaks
			r.begin("08")
			time.Sleep(200 * time.Millisecond)
			r.begin("07")
			time.Sleep(200 * time.Millisecond)
			r.learnTask("VM.suspend", "6c22c514-c779-5227-af3f-1be77f5ed22b")
		},
	}
}

// overlaps are operations that run while the steps collide with them.
func overlaps() map[string]func(*replay) {
	return map[string]func(*replay){
		"01": func(r *replay) {
			r.describe(web6, "touch 61321 9")
			r.call("VM.start", web6, false, false)
			time.Sleep(50 * time.Millisecond)
		},
		"02": func(r *replay) {
			time.Sleep(2 * time.Minute) // until its guest agent speaks
			r.call("VM.clean_shutdown", web6)
			time.Sleep(200 * time.Millisecond)
		},
		"05": func(r *replay) {
			r.call("VM.start", web6, false, false)
			time.Sleep(2 * time.Minute)
			r.call("VM.clean_shutdown", web6)
			time.Sleep(200 * time.Millisecond)
		},
	}
}

// vmErrors are what makes VMs refuse.
func vmErrors() map[string]func(*replay) {
	const web1 = "OpaqueRef:33aea0e7-01bd-1204-baa6-ea68d52c1873"
	suspendSR := func(ref func(*tx) string) func(*replay) {
		return func(r *replay) {
			r.pool.view(func(t *tx) {
				t.set("pool", thePool, "suspend_image_SR", ref(t))
				t.set("pool", thePool, "default_SR", ref(t))
				for _, host := range t.all("host") {
					t.set("host", host, "suspend_image_sr", ref(t))
				}
				t.set("VM", web1, "suspend_SR", ref(t))
			})
		}
	}
	return map[string]func(*replay){
		"14": suspendSR(func(*tx) string { return nullRef }),
		"16": suspendSR(func(t *tx) string { return t.the("SR") }),
		"44": func(r *replay) {
			r.pool.view(func(t *tx) {
				t.set("VM", web1, "blocked_operations", mapOf("clean_shutdown", "stays up", "hard_shutdown", "", "pool_migrate", "stays here"))
			})
		},
		"49": func(r *replay) {
			r.pool.view(func(t *tx) {
				t.set("VM", web1, "blocked_operations", Map{})
				t.set("VM", web1, "power_state", "Running")
			})
		},
	}
}

// startsOn lets the pool choose a certain host for the next start, which is random otherwise.
func startsOn(wanted string) func(*replay) {
	return func(r *replay) {
		r.pool.view(func(t *tx) {
			for _, host := range t.all("host") {
				t.set("host", host, "enabled", host == wanted)
			}
		})
	}
}

// taskSteps are starts on the hosts of the recording, and what was cleared away between.
func taskSteps() map[string]func(*replay) {
	const host1, host2, host3 = "OpaqueRef:6ae5e6b2-917f-60ab-f72e-f6cee2bbe815", "OpaqueRef:d8b096da-6039-29bf-902e-57ba284924d7", "OpaqueRef:c9577ab3-a420-b7a6-9ff4-f12aef4be241"
	halt := func(r *replay) { r.hand("VM.hard_shutdown", web5) }
	return map[string]func(*replay){
		"01": func(r *replay) { describeWeb5(r); startsOn(host3)(r) },
		"02": pause(100 * time.Millisecond),
		"07": pause(1900 * time.Millisecond),
		"08": func(r *replay) { halt(r); startsOn(host2)(r) },
		"09": pause(2300 * time.Millisecond),
		"16": pause(100 * time.Millisecond),
		"18": startsOn(host1),
		"19": pause(time.Second),
		"21": func(r *replay) { halt(r); startsOn(host2)(r) },
		"22": pause(200 * time.Millisecond),
		"24": pause(time.Second),
		"28": pause(100 * time.Millisecond),
		"36": pause(2500 * time.Millisecond),
		"46": func(r *replay) {
			halt(r)
			startsOn(host3)(r)
			r.pool.view(func(t *tx) {
				for _, task := range t.all("task") {
					if name := t.str("task", task, "name_label"); name == "Async.VM.clone" || t.str("task", task, "status") == "failure" || t.str("task", task, "status") == "cancelled" {
						t.destroy("task", task)
					}
				}
			})
			r.call("VM.start", web5, false, false)
			time.Sleep(200 * time.Millisecond)
		},
	}
}

func pause(d time.Duration) func(*replay) { return func(*replay) { time.Sleep(d) } }

// deviceErrors is what was cleared away between the steps.
func deviceErrors() map[string]func(*replay) {
	return map[string]func(*replay){
		"17": func(r *replay) {
			r.pool.view(func(t *tx) {
				for _, vif := range slices.Clone(t.strs("VM", web5, "VIFs")) {
					if t.str("VIF", vif, "device") != "0" {
						t.destroy("VIF", vif)
					}
				}
			})
			r.hand("VM.set_other_config", web5, Map{}) // the seed of addresses is lost with it
		},
	}
}
