package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// adminHelp is what GET / of the admin handler says.
const adminHelp = `What goes wrong in this pool, and what somebody else does to it:

  GET  /state                              hosts, VMs, tasks, sessions, calls, as JSON
  POST /fault/lose-events                  every subscriber of event.next gets EVENTS_LOST
  POST /fault/kill-master?promote=HOST     the master dies; HOST (optional) becomes master
  POST /fault/drop-connections             every connection breaks
  POST /fault/kill-host?host=HOST          the machine loses power, the master's too; nobody is promoted but by HA
  POST /fault/start-host?host=HOST         it is switched on: its own pool.conf says what it will be
  POST /fault/crash-xapi?host=HOST         its daemon is killed and comes back by itself; VMs run on
  POST /fault/designate?host=HOST          pool.designate_new_master: the old master serves on for ten seconds
  POST /fault/clock?host=HOST&skew=90s     its clock goes wrong by so much
  POST /host/NAME/stop                     the xapi of a member stops
  POST /host/NAME/start                    it comes back
  POST /host/NAME/disable                  no new VMs there
  POST /host/NAME/enable
  POST /vm/NAME/halt                       the plug is pulled
  POST /vm/NAME/start                      on a host of the pool's choice
  POST /vm/NAME/pause
  POST /vm/NAME/unpause
  POST /vm/NAME/suspend
  POST /vm/NAME/resume
  POST /vm/NAME/power-off                  the guest switches itself off
  POST /vm/NAME/reboot                     the guest restarts itself
  POST /vm/NAME/crash                      the guest crashes
  POST /vm/NAME/migrate?host=HOST          live

NAME and HOST are a name_label or a uuid. Errors are {"error": "words"}.
`

// AdminHandler serves the pool's own controls, for a listener that is not xapi's: who reaches it may do anything.
func (p *Pool) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, adminHelp) // a reader that went away does not matter
	})
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, p.State()) })
	act := func(pattern string, f func(*http.Request) error) {
		mux.HandleFunc("POST "+pattern, func(w http.ResponseWriter, r *http.Request) { done(w, f(r)) })
	}
	act("/fault/lose-events", func(*http.Request) error { p.LoseEvents(); return nil })
	act("/fault/drop-connections", func(*http.Request) error { p.DropConnections(); return nil })
	act("/fault/kill-master", func(r *http.Request) error { return p.KillMaster(r.URL.Query().Get("promote")) })
	act("/fault/kill-host", onHost(p.HostDies))
	act("/fault/start-host", onHost(p.StartHost))
	act("/fault/crash-xapi", onHost(p.CrashXapi))
	act("/fault/designate", onHost(p.DesignateMaster))
	act("/fault/clock", func(r *http.Request) error {
		skew, err := time.ParseDuration(r.URL.Query().Get("skew"))
		if err != nil {
			return fmt.Errorf("by how much? say ?host=HOST&skew=90s: %w", err)
		}
		return p.SkewClock(r.URL.Query().Get("host"), skew)
	})
	act("/host/{name}/stop", named(p.StopMember))
	act("/host/{name}/start", named(p.StartMember))
	act("/host/{name}/disable", named(p.DisableHost))
	act("/host/{name}/enable", named(p.EnableHost))
	act("/vm/{name}/halt", named(p.HaltVM))
	act("/vm/{name}/start", named(p.StartVM))
	act("/vm/{name}/pause", named(p.PauseVM))
	act("/vm/{name}/unpause", named(p.UnpauseVM))
	act("/vm/{name}/suspend", named(p.SuspendVM))
	act("/vm/{name}/resume", named(p.ResumeVM))
	act("/vm/{name}/power-off", named(p.PowerOffInGuest))
	act("/vm/{name}/reboot", named(p.RebootInGuest))
	act("/vm/{name}/crash", named(p.CrashGuest))
	act("/vm/{name}/migrate", func(r *http.Request) error {
		host := r.URL.Query().Get("host")
		if host == "" {
			return fmt.Errorf("where to? say /vm/%s/migrate?host=HOST", r.PathValue("name"))
		}
		return p.MigrateVM(r.PathValue("name"), host)
	})
	return withWords(mux)
}

// named is an action on what the path names.
func named(f func(name string) error) func(*http.Request) error {
	return func(r *http.Request) error { return f(r.PathValue("name")) }
}

// onHost is an action on the host that the query names.
func onHost(f func(name string) error) func(*http.Request) error {
	return func(r *http.Request) error {
		host := r.URL.Query().Get("host")
		if host == "" {
			return fmt.Errorf("which one? say %s?host=HOST", r.URL.Path)
		}
		return f(host)
	}
}

// done answers an action: what it came to, or why it did not.
func done(w http.ResponseWriter, err error) {
	if err != nil {
		answer(w, http.StatusConflict, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, map[string]bool{"done": true})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // a reader that went away does not matter
}

// withWords puts words of our own where the mux has only "Not Found" and "Method Not Allowed".
func withWords(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		other := http.MethodPost
		if r.Method == http.MethodPost {
			other = http.MethodGet
		}
		probe := r.Clone(r.Context())
		probe.Method = other
		if _, pattern := mux.Handler(probe); pattern != "" {
			w.Header().Set("Allow", other)
			answer(w, http.StatusMethodNotAllowed, map[string]string{"error": fmt.Sprintf("%s takes %s, not %s", r.URL.Path, other, r.Method)})
			return
		}
		answer(w, http.StatusNotFound, map[string]string{"error": "there is no " + r.URL.Path + "; GET / lists what there is"})
	})
}
