package simulator

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/internal/golden"
)

// TestDesignateTimeline asks every member ten times a second while the master changes, and wants the answers in the order
// in which they were recorded.
func TestDesignateTimeline(t *testing.T) {
	golden.Walk(t, "testdata/members/designate-new-master.txtar", func(t *testing.T, ar *golden.Archive) {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{VMs: 5, Timing: recordedTiming()})
			w := &memberWatch{t: t, p: p, begun: time.Now()}
			w.begin(strings.Split(strings.TrimSpace(string(ar.Section("play"))), "\n"))
			var answers []string
			for _, o := range w.observers {
				answers = append(answers, o.name+": "+strings.Join(o.answers, ", "))
			}
			if got, want := strings.Join(answers, "\n"), strings.TrimSpace(string(ar.Section("recorded"))); got != want {
				t.Errorf("the answers are\n%s\nwant\n%s", got, want)
			}
		})
	})
}

// memberWatch are observers of a pool.
type memberWatch struct {
	t         *testing.T
	p         *Pool
	begun     time.Time
	observers []*memberObserver
}

// memberObserver asks one member the same again and again.
type memberObserver struct {
	name, address string
	method        string
	args          []any
	answers       []string
}

func (w *memberWatch) begin(lines []string) {
	sessions := map[string]any{}
	for _, line := range lines {
		words := strings.Fields(line)
		switch words[0] {
		case "login":
			w.observers = append(w.observers, &memberObserver{
				name: "login " + words[1], address: w.p.member(words[2]).address,
				method: "session.login_with_password", args: []any{"root", "xenroot"},
			})
		case "session":
			c := dial(w.t, w.p, w.p.member(words[2]).address)
			c.login()
			sessions["$"+words[1]] = c.session
			w.observers = append(w.observers, &memberObserver{
				name: words[1] + " at old", address: w.p.member(words[3]).address, method: "VM.get_all", args: []any{c.session},
			})
		case "call":
			go func() {
				_, err := askOnce(w.t, w.p, "10.0.0.1", time.Minute, words[2], sessions[words[1]], hostRefOf(w.p, words[3]))
				if err != nil {
					w.t.Errorf("%s: %v", words[2], err)
				}
			}()
		case "for":
			d, _ := time.ParseDuration(words[1])
			w.watch(d)
		}
	}
}

// watch lets the observers ask for so long, each in its own goroutine.
func (w *memberWatch) watch(d time.Duration) {
	done := make(chan struct{})
	for _, o := range w.observers {
		go func() {
			defer func() { done <- struct{}{} }()
			for time.Since(w.begun) < d {
				v, err := askOnce(w.t, w.p, o.address, 200*time.Millisecond, o.method, o.args...)
				o.note(answerText(v, err))
				time.Sleep(100 * time.Millisecond)
			}
		}()
	}
	for range w.observers {
		<-done
	}
}

func (o *memberObserver) note(answer string) {
	if strings.HasPrefix(answer, "OpaqueRef:") || strings.HasPrefix(answer, "[") {
		answer = "Success"
	}
	answer, _, _ = strings.Cut(answer, " OpaqueRef:")
	if n := len(o.answers); answer == "broken" || n > 0 && o.answers[n-1] == answer {
		return
	}
	o.answers = append(o.answers, answer)
}

// TestOldMasterComesBack: whoever was master before a forced change is a second one, with the pool's uuid.
func TestOldMasterComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 5})
		local := dial(t, p, "10.0.0.2")
		if err := p.MasterDies(); err != nil {
			t.Fatal(err)
		}
		v, err := local.raw("session.slave_local_login_with_password", "root", "xenroot")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := local.raw("pool.emergency_transition_to_master", v); err != nil {
			t.Fatal(err)
		}
		time.Sleep(fuseTime + time.Second)
		if err := p.StartHost("xen-1"); err != nil {
			t.Fatal(err)
		}
		uuids := map[string]bool{}
		for _, address := range []string{"10.0.0.1", "10.0.0.2"} {
			w := dial(t, p, address)
			w.login()
			pool := w.must("pool.get_all").(Set)[0]
			uuids[w.must("pool.get_uuid", pool).(string)] = true
			if got := w.must("host.get_address", w.must("pool.get_master", pool)); got != address {
				t.Errorf("pool.master at %s is %s", address, got)
			}
		}
		if len(uuids) != 1 {
			t.Errorf("two masters have pool uuids %v, want one", uuids)
		}
		w := dial(t, p, "10.0.0.1")
		w.login()
		for _, vm := range w.must("VM.get_all_records").(Map) {
			if field(vm.Value, "resident_on") == hostRefOf(p, "xen-1") && field(vm.Value, "is_control_domain") != true {
				t.Errorf("%v is on the host that was switched off", field(vm.Value, "name_label"))
			}
		}
		recovered := dial(t, p, "10.0.0.2")
		recovered.login()
		if got := recovered.must("pool.recover_slaves").(Set); !slices.Equal(wordsOf(got), []string{hostRefOf(p, "xen-3")}) {
			t.Errorf("recover_slaves reached %v, want xen-3: a master is nobody's slave", got)
		}
	})
}
