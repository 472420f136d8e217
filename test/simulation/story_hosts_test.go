package simulation

import (
	"slices"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// bootAtMost is how long hosts are waited for that have been switched on.
const bootAtMost = 12 * time.Minute

// bringBack switches every host on, and turns a second master into a member.
func (st *story) bringBack() {
	for _, h := range st.pool.State().Hosts {
		_ = st.pool.Mend(h.Name) // of most there is nothing to mend
		switch h.Answers {
		case "silent":
			_ = st.pool.StartHost(h.Name) // its verdict is the pool's state
		case "down":
			_ = st.pool.StartMember(h.Name)
		}
	}
	starting := func(h simulator.HostState) bool { return h.Answers != "up" }
	for waited := time.Duration(0); waited < bootAtMost && slices.ContainsFunc(st.pool.State().Hosts, starting); waited += 30 * time.Second {
		time.Sleep(30 * time.Second)
	}
	s := st.pool.State()
	for _, h := range s.Hosts {
		if h.Role == "master" && h.Name != s.Pool.Master {
			st.history.notef("somebody cuts the power of %s, a second master, and has it follow %s", h.Name, s.Pool.Master)
			_ = st.pool.HostDies(h.Name)
			_ = st.pool.StartMember(h.Name)
		}
	}
}
