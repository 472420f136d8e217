package xapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// remembering gives a client a file, and a log to look at.
func remembering(path string, out *output) func(*xapi.Config) {
	return func(cfg *xapi.Config) {
		cfg.StateFile = path
		cfg.Log = funcr.New(func(_, args string) { out.add(args) }, funcr.Options{})
	}
}

// TestStateFile lets the configured host die while nobody looks: after a restart the pool is found through what the file
// remembers, and an ejected host at the configured address is not taken for it.
func TestStateFile(t *testing.T) {
	for name, host := range map[string]func(*network){
		"dead":    func(n *network) { n.down("a", "dead") },
		"ejected": func(n *network) { n.set("a", master("Q", "a", "a")) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "state.json")
				n := newNetwork(t, "a", "b", "c")
				n.set("a", master("P", "a", "a"))
				ctx := limited(t, time.Hour)
				var out output
				c := n.client(t, []string{"a"}, remembering(path, &out))
				mustSession(ctx, t, c)
				c.SetMembers([]string{"a", "b", "c"})
				synctest.Wait()
				if err := c.Close(ctx); err != nil {
					t.Fatal(err)
				}
				var saved map[string]any
				if err := json.Unmarshal([]byte(readFile(t, path)), &saved); err != nil || saved["pool"] != "P" || saved["master"] != "http://a" || len(saved["members"].([]any)) != 3 {
					t.Fatalf("%v, %v", saved, err)
				}
				if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
					t.Errorf("%v, %v", info.Mode(), err)
				}
				for _, secret := range []string{password, "OpaqueRef", "root"} {
					if strings.Contains(readFile(t, path), secret) {
						t.Errorf("the file holds %s", secret)
					}
				}
				host(n)
				n.set("b", slaveOf("c"))
				n.set("c", master("P", "c", "c"))
				again := n.client(t, []string{"a"}, remembering(path, &out))
				if s := mustSession(ctx, t, again); s.MasterAddress() != "c" || s.PoolUUID() != "P" {
					t.Errorf("took %v of pool %s", s, s.PoolUUID())
				}
				synctest.Wait()
				if !strings.Contains(readFile(t, path), `"master": "http://c"`) {
					t.Error("the new master is not remembered")
				}
			})
		})
	}
}

// TestWhatAKilledProcessWasWritingIsRemoved leaves alone what another process may just be writing.
func TestWhatAKilledProcessWasWritingIsRemoved(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		for name, age := range map[string]time.Duration{".state.json.1": time.Hour, ".state.json.2": 0, ".other.json.3": time.Hour} {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, time.Time{}, time.Now().Add(-age))); err != nil {
				t.Fatal(err)
			}
		}
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		var out output
		mustSession(limited(t, time.Hour), t, n.client(t, []string{"a"}, remembering(filepath.Join(dir, "state.json"), &out)))
		synctest.Wait()
	})
	var left []string
	files, err := os.ReadDir(dir)
	for _, f := range files {
		left = append(left, f.Name())
	}
	if err != nil || strings.Join(left, " ") != ".other.json.3 .state.json.2 state.json" {
		t.Errorf("%v, %v", left, err)
	}
}

// TestStateFileOfNoUse goes on without a file that is broken, foreign, or open to others, and says so.
func TestStateFileOfNoUse(t *testing.T) {
	good := `{"version":1,"pool":"Z","master":"http://z","members":["z"],"configured":["http://a"]}`
	for name, tt := range map[string]struct {
		text string
		mode os.FileMode
		uuid string
		want string // of the log
	}{
		"empty":          {"", 0o600, "", "is no state of a pool: EOF"},
		"cut":            {good[:40], 0o600, "", "is no state of a pool: unexpected EOF"},
		"something else": {`{"hello": 1}`, 0o600, "", `unknown field \"hello\"`},
		"newer":          {strings.Replace(good, `:1`, `:2`, 1), 0o600, "", "is of version 2; this program knows 1"},
		"another pool":   {good, 0o600, "P", `is of pool \"Z\", not of pool \"P\"`},
		"other hosts":    {strings.Replace(good, "http://a", "http://x", 1), 0o600, "", "was made with other addresses ([http://x])"},
		"no address":     {strings.Replace(good, "http://z", "z", 1), 0o600, "", "has no scheme"},
		"open to others": {good, 0o666, "", "can be written by others"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "state.json")
				if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path, tt.mode); err != nil {
					t.Fatal(err)
				}
				var out output
				n := newNetwork(t, "a")
				n.set("a", master("P", "a", "a"))
				c := n.client(t, []string{"a"}, remembering(path, &out), func(cfg *xapi.Config) { cfg.PoolUUID = tt.uuid })
				mustSession(limited(t, time.Hour), t, c)
				synctest.Wait()
				if said := out.text.String(); !strings.Contains(said, "going on with the configured addresses") || !strings.Contains(said, tt.want) {
					t.Error(said)
				}
				if text := readFile(t, path); !strings.Contains(text, `"pool": "P"`) {
					t.Errorf("the file was not replaced: %s", text)
				}
			})
		})
	}
}

// TestPoolMadeAnew meets another pool at the configured address, where the file alone says that it is the wrong one.
func TestPoolMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.json")
		state := `{"version":1,"pool":"Z","master":"http://a","members":["a"],"configured":["http://a"]}`
		if err := os.WriteFile(path, []byte(state), 0o600); err != nil {
			t.Fatal(err)
		}
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		var out output
		c := n.client(t, []string{"a"}, remembering(path, &out))
		_, err := c.Session(limited(t, time.Hour))
		other, ok := errors.AsType[*xapi.OtherPoolError](err)
		if !ok || other.StateFile != path || !strings.Contains(err.Error(), "delete "+path) {
			t.Error(err)
		}
	})
}

// TestStateFileCannotBeWritten says so once, and works on.
func TestStateFileCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		n := newNetwork(t, "a")
		n.set("a", master("P", "a", "a"))
		c := n.client(t, []string{"a"}, remembering(filepath.Join(t.TempDir(), "none", "state.json"), &out))
		mustSession(limited(t, time.Hour), t, c)
		for _, member := range []string{"b", "c", "d"} {
			c.SetMembers([]string{"a", member})
			synctest.Wait()
		}
		if got := strings.Count(out.text.String(), "could not be written down"); got != 1 {
			t.Errorf("said %d times", got)
		}
	})
}

// TestStateFileKeepsPins restarts while the only member whose certificate was configured is dead: that of the master was
// learned from it before.
func TestStateFileKeepsPins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.json")
		n := newNetwork(t)
		member := n.secure(t, "b", slaveOf("a"))
		theirs := n.secure(t, "a", master("P", "a", "a"))
		n.thumbprint("b", sha256Of(theirs))
		ctx := limited(t, time.Hour)
		var told story
		var out output
		for range 2 {
			c := n.client(t, nil, trusting(xapi.TLSConfig{Fingerprint: sha256Of(member)}, &told, "b"), remembering(path, &out))
			if s := mustSession(ctx, t, c); s.MasterAddress() != "a" {
				t.Errorf("took %v", s)
			}
			synctest.Wait()
			if err := c.Close(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
			n.down("b", "dead")
		}
		told.want(t, "pinned https://a thumbprint", "found https://a", "closed", "found https://a", "closed")
	})
}
