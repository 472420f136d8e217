package simulator

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// footprint is what a pool holds at one moment of its life.
type footprint struct {
	objects    map[string]int // by class
	goroutines int
	heap       uint64 // bytes in use
	subs       int    // subscriptions of event.next
	running    int    // tasks at work
	waiting    int    // calls that wait for their turn
	queued     int    // bytes of events
}

func footprintOf(p *Pool) footprint {
	synctest.Wait()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f := footprint{objects: make(map[string]int), goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	p.view(func(t *tx) {
		for name, tab := range t.life.db.tables {
			f.objects[name] = len(tab.rows)
		}
		f.subs, f.running, f.queued = len(t.life.events.subs), len(t.life.tasks), t.life.events.bytes
		f.waiting = len(p.operations.working)
	})
	return f
}

// grown compares two moments at the same hour.
func (f footprint) grown(before footprint, limit int) []string {
	var grown []string
	say := func(what string, was, is int) {
		if is > was {
			grown = append(grown, fmt.Sprintf("%s: %d, were %d", what, is, was))
		}
	}
	for class, n := range f.objects {
		say("objects of class "+class, before.objects[class], n)
	}
	say("goroutines", before.goroutines, f.goroutines)
	say("subscriptions", before.subs, f.subs)
	say("tasks at work", before.running, f.running)
	say("calls that wait", before.waiting, f.waiting)
	say("bytes of queued events beyond the limit", limit, f.queued)
	if f.heap > before.heap+before.heap/10 {
		grown = append(grown, fmt.Sprintf("heap: %d bytes, were %d", f.heap, before.heap))
	}
	return grown
}

// A week of a pool on which a client starts, moves and stops VMs all the time while others follow its events: what the
// simulator holds at the end of the last day is what it held at the end of the second.
func TestAWeek(t *testing.T) {
	const limit = 1_000_000
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 3, VMs: 6, Timing: RealTiming(), EventQueueBytes: limit})
		if err := p.StartVM("app-1"); err != nil {
			t.Fatal(err)
		}
		w := login1(t, p)
		var followers sync.WaitGroup
		var byNext, byFrom int // answers that they had
		next := follower(t, p, &followers, func(w *wire) { byNext = followByNext(w) })
		from := follower(t, p, &followers, func(w *wire) { byFrom = followByFrom(w) })
		var before footprint
		for day := 1; day <= 7; day++ {
			workADay(w)
			now := footprintOf(p)
			switch day {
			case 2:
				before = now
			case 7:
				for _, what := range now.grown(before, limit) {
					t.Error(what)
				}
			}
			t.Logf("day %d: %d bytes of heap, %d of events, %d goroutines, %d objects of class task", day, now.heap, now.queued, now.goroutines, now.objects["task"])
		}
		_, _ = next.conn.Close(), from.conn.Close()
		followers.Wait()
		if byNext < 10_000 || byFrom < 10_000 {
			t.Errorf("the followers had %d and %d answers: they did not follow", byNext, byFrom)
		}
	})
}

// workADay starts, moves and stops each VM in turn, every 90 minutes one, and at midnight throws the messages away.
func workADay(w *wire) {
	vms, hosts := wordsOf(w.must("VM.get_by_name_label", "web-1").(Set)), wordsOf(w.must("host.get_all").(Set))
	vms = append(vms, wordsOf(w.must("VM.get_by_name_label", "app-1").(Set))...)
	for i := range 16 {
		begun := time.Now()
		vm := vms[i%len(vms)]
		w.finish("VM.hard_shutdown", vm)
		w.finish("VM.start_on", vm, hosts[i%len(hosts)], false, false)
		time.Sleep(time.Minute) // its agent reports
		w.finish("VM.pool_migrate", vm, hosts[(i+1)%len(hosts)], Map{})
		time.Sleep(time.Until(begun.Add(90 * time.Minute)))
	}
	for _, message := range wordsOf(w.must("message.get_all").(Set)) {
		w.must("message.destroy", message)
	}
}

// finish makes an asynchronous call and waits for its end. Its task is left to xapi's collector.
func (w *wire) finish(method string, params ...any) {
	task := w.must("Async."+method, params...)
	for {
		switch status := w.must("task.get_status", task); status {
		case "pending":
			time.Sleep(time.Second)
		case "success":
			return
		default:
			w.t.Fatalf("%s: %v, %v", method, status, w.must("task.get_error_info", task))
		}
	}
}

// follower follows events with a session of its own until its connection is closed. What it has registered for is queued
// also where it never asks for it.
func follower(t *testing.T, p *Pool, all *sync.WaitGroup, follow func(*wire)) *wire {
	t.Helper()
	mine := login1(t, p)
	mine.must("event.register", setOf("*"))
	all.Go(func() { follow(mine) })
	return mine
}

func followByNext(w *wire) (answers int) {
	for {
		if _, err := w.bytes("event.next"); err != nil {
			return answers // the end of the test
		}
		answers++
	}
}

func followByFrom(w *wire) (answers int) {
	token := ""
	for {
		body, err := w.bytes("event.from", setOf("*"), token, 30.0)
		if err != nil {
			return answers // the end of the test
		}
		answers++
		_, rest, _ := bytes.Cut(body, []byte("<name>token</name><value>"))
		text, _, _ := bytes.Cut(rest, []byte("<"))
		token = string(text)
	}
}

// bytes makes a call and returns the body of its answer as it is.
func (w *wire) bytes(method string, params ...any) ([]byte, error) {
	body := callText(method, append([]any{w.session}, params...)...)
	if _, err := fmt.Fprintf(w.conn, "POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(body), body); err != nil {
		return nil, err
	}
	_, reply, err := readRaw(w.in)
	if err == nil && bytes.Contains(reply, []byte("<value>Failure</value>")) {
		err = fmt.Errorf("%s failed", method)
	}
	return reply, err
}
