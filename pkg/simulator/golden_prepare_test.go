package simulator

import (
	"fmt"
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

// later does something while the next request waits.
func (r *replay) later(d time.Duration, do func()) {
	go func() {
		time.Sleep(d)
		do()
	}()
}

func describeWeb5(r *replay) { r.describe(web5, "web server 5") }

func haltAll(r *replay) {
	r.pool.view(func(t *tx) {
		for _, vm := range t.find("VM", "power_state", "Running") {
			t.set("VM", vm, "power_state", "Halted")
		}
	})
}

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
	burst := func(r *replay, n int) { r.describe(web5, fmt.Sprintf("burst %d %d", run, n)) }
	poolText := func(text string) func(*replay) {
		return func(r *replay) { r.hand("pool.set_name_description", thePool, text) }
	}
	var clone any
	return map[string]func(*replay){
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
					burst(r, n)
					time.Sleep(60 * time.Millisecond)
				}
			})
		},
		"10": func(r *replay) {
			time.Sleep(time.Second) // the burst goes on
			r.drain()
			burst(r, 1)
			r.drain()
			r.hand("VM.add_to_other_config", web5, "x", "y")
			burst(r, 1)
			r.hand("VM.remove_from_other_config", web5, "x")
		},
		"11": func(r *replay) {
			burst(r, 2)
			clone = r.hand("VM.clone", template, "clone for events")
		},
		"12": func(r *replay) { r.hand("VM.destroy", clone) },
		"14": func(r *replay) {
			r.drain()
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

// drain takes every event that is queued for the sessions of the recorder.
func (r *replay) drain() { r.pool.view(r.drainIn) }

func (r *replay) drainIn(t *tx) {
	for _, s := range t.life.events.subs {
		s.cursor = t.life.events.next
	}
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
		"26": func(r *replay) { clone = r.hand("VM.clone", template, "clone for from") },
		"27": func(r *replay) { r.hand("VM.destroy", clone) },
		"28": func(r *replay) { r.hand("VM.destroy", r.hand("VM.clone", template, "clone for from")) },
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
