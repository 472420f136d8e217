package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// agenda is what is to be done, and when.
type agenda struct{ list []appointment }

type appointment struct {
	at time.Time
	do func()
}

func (a *agenda) after(d time.Duration, do func()) {
	a.list = append(a.list, appointment{time.Now().Add(d), do})
}

// next takes the earliest out.
func (a *agenda) next() appointment {
	first := 0
	for i := range a.list {
		if a.list[i].at.Before(a.list[first].at) {
			first = i
		}
	}
	next := a.list[first]
	a.list = slices.Delete(a.list, first, first+1)
	return next
}

// chaos lets people, faults, edits and kills come over everything for so long.
func (s *soak) chaos(d time.Duration) {
	s.t.Helper()
	end := time.Now().Add(d)
	s.every(400*time.Millisecond, 1500*time.Millisecond, s.people)
	s.every(time.Second, 4*time.Second, s.edit)
	s.agenda.after(s.between(2*time.Second, 4*time.Second), func() {
		s.killMaster(s.state())
		s.every(2*time.Second, 8*time.Second, s.fault)
	})
	tick := min(10*time.Second, d/4)
	s.every(tick, tick+1, func() {
		s.t.Logf("%s; pool %s, controller %s", s.progress(), s.pool.usage(), s.life.usage())
		s.look()
		if s.baseline == (usage{}) && time.Since(s.began) >= min(time.Minute, d/2) {
			s.baseline = s.pool.usage()
		}
	})
	for {
		next := s.agenda.next()
		if next.at.After(end) {
			return
		}
		s.until(next.at)
		next.do()
		s.check()
	}
}

// until waits, as long as both processes live.
func (s *soak) until(at time.Time) {
	s.t.Helper()
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.life.done:
		s.stillLives()
	case <-s.pool.done:
		s.check()
	}
}

// every does something again and again.
func (s *soak) every(least, most time.Duration, do func()) {
	s.agenda.after(s.between(least, most), func() {
		do()
		s.every(least, most, do)
	})
}

// edit changes the manifests, with a mistake now and then that is put right a little later.
func (s *soak) edit() {
	if !s.up || s.fleet.broken != "" {
		return
	}
	s.count.edits++
	if !s.chance(5) {
		s.fleet.edit(s.rng)
		return
	}
	s.count.spoiled++
	s.fleet.spoil(s.rng)
	s.agenda.after(s.between(time.Second, 5*time.Second), s.fleet.mend)
}

// people do something to a VM, declared or not.
func (s *soak) people() {
	state := s.state()
	vm, host := state.VMs[s.rng.IntN(len(state.VMs))], state.Hosts[s.rng.IntN(len(state.Hosts))]
	hands := map[string][]string{
		"Running":   {"halt", "halt", "power-off", "reboot", "crash", "pause", "suspend", "migrate?host=" + url.QueryEscape(host.Name)},
		"Halted":    {"start"},
		"Paused":    {"unpause", "halt"},
		"Suspended": {"resume", "halt"},
	}[vm.PowerState]
	s.count.hands++
	if err := s.hand("/vm/" + vm.Name + "/" + hands[s.rng.IntN(len(hands))]); err != nil {
		s.count.refused++
		return
	}
	s.turned[vm.Name]++
}

// fault breaks something that mends itself, or that is put right soon; of the hosts one at a time.
func (s *soak) fault() {
	state := s.state()
	whole := time.Now().After(s.mending) && !slices.ContainsFunc(state.Hosts, func(h simulator.HostState) bool { return h.Answers != "up" })
	host := state.Hosts[s.rng.IntN(len(state.Hosts))].Name
	switch n := s.rng.IntN(10); {
	case n == 0:
		s.breaks("/fault/lose-events")
	case n == 1:
		s.breaks("/fault/drop-connections")
	case n == 2:
		s.breaks("/host/" + host + "/disable")
		s.owe(s.between(2*time.Second, 8*time.Second), "/host/"+host+"/enable")
	case n == 3:
		skew := s.between(-time.Hour, time.Hour).Round(time.Second)
		s.breaks(fmt.Sprintf("/fault/clock?host=%s&skew=%s", host, skew))
		s.owe(s.between(5*time.Second, 20*time.Second), "/fault/clock?host="+host+"&skew=0s")
	case !whole:
		s.breaks("/fault/lose-events")
	case n <= 5:
		s.killMaster(state)
	case n == 6:
		s.breaks("/fault/kill-host?host=" + host)
		s.mending = time.Now().Add(25 * time.Second)
		s.owe(s.between(time.Second, 5*time.Second), "/fault/start-host?host="+host)
	case n <= 8:
		s.breaks("/fault/crash-xapi?host=" + host)
		s.mending = time.Now().Add(8 * time.Second)
	default:
		s.breaks("/fault/designate?host=" + host)
		s.mending = time.Now().Add(20 * time.Second)
	}
}

// killMaster has another host promoted, and the old master come back as a member later.
func (s *soak) killMaster(state simulator.State) {
	old := state.Pool.Master
	others := slices.DeleteFunc(slices.Clone(state.Hosts), func(h simulator.HostState) bool { return h.Name == old || h.Answers != "up" })
	if old == "" || len(others) == 0 {
		return
	}
	s.breaks("/fault/kill-master?promote=" + others[s.rng.IntN(len(others))].Name)
	s.mending = time.Now().Add(12 * time.Second)
	s.owe(s.between(2*time.Second, 6*time.Second), "/host/"+old+"/start")
}

// breaks counts a fault.
func (s *soak) breaks(path string) {
	if err := s.hand(path); err == nil {
		s.count.faults++
	}
}

// owe puts something right after a while, or when everything is to come to rest.
func (s *soak) owe(d time.Duration, path string) {
	done := false
	repair := func() {
		if !done {
			done = true
			_ = s.hand(path) // it may have mended itself
		}
	}
	s.repairs = append(s.repairs, repair)
	s.agenda.after(d, repair)
}

// hand does what somebody else might do to the pool; an error is its refusal.
func (s *soak) hand(path string) error {
	s.t.Helper()
	response, err := http.Post("http://"+s.admin+path, "", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 {
		words, _ := io.ReadAll(response.Body) // the status says enough
		return fmt.Errorf("POST %s: %s", path, words)
	}
	return nil
}

// state is the pool as it is.
func (s *soak) state() (state simulator.State) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(get(s.t, "http://"+s.admin+"/state")), &state); err != nil {
		s.t.Fatal(err)
	}
	return state
}
