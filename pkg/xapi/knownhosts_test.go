package xapi_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// trusting configures https addresses and how to trust them.
func trusting(tls xapi.TLSConfig, told *story, addresses ...string) func(*xapi.Config) {
	return func(cfg *xapi.Config) {
		cfg.TLS, cfg.OnTransition, cfg.Addresses = tls, told.add, nil
		for _, a := range addresses {
			cfg.Addresses = append(cfg.Addresses, "https://"+a)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestKnownHosts trusts what it sees first, knows it again, and refuses another: with everything that a person needs.
func TestKnownHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "known")
		n := newNetwork(t)
		first := n.secure(t, "a", master("P", "a", "a"))
		for range 2 { // the second finds the file
			var told story
			c := n.client(t, nil, trusting(xapi.TLSConfig{KnownHosts: path}, &told, "a"))
			s := mustSession(limited(t, time.Hour), t, c)
			shown, ok := s.Certificate()
			if !ok || shown.Fingerprint != sha256Of(first) || shown.Subject != "CN=a" || !shown.NotAfter.Equal(time.Now().Add(year)) {
				t.Errorf("the certificate is %+v", shown)
			}
			if err := c.Close(limited(t, time.Minute)); err != nil {
				t.Error(err)
			}
		}
		if text := readFile(t, path); !strings.HasSuffix(text, "\nP https://a "+sha256Of(first)+"\n") {
			t.Errorf("the file:\n%s", text)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		other := newCertificate(t, "a", year)
		n.show("a", other)
		var told story
		c := n.client(t, nil, trusting(xapi.TLSConfig{KnownHosts: path}, &told, "a"))
		before := n.called("a", "session.login_with_password")
		_, err := c.Session(limited(t, time.Hour))
		trust, ok := errors.AsType[*xapi.TrustError](err)
		if !ok || trust.Fingerprint != sha256Of(other) || len(trust.Known) != 1 || trust.Known[0] != sha256Of(first) || trust.File != path {
			t.Fatalf("%+v", err)
		}
		want := fmt.Sprintf("https://a shows another certificate than before: its certificate has the fingerprint %s, not %s; it was renewed, or somebody is in between: compare it on the host, and if it is right delete the line of https://a in %s",
			sha256Of(other), sha256Of(first), path)
		if err.Error() != want {
			t.Error(err)
		}
		if n.called("a", "session.login_with_password") != before {
			t.Error("the password went to somebody who is not trusted")
		}
		told.want(t, "refused https://a untrusted", "failed")
	})
}

// TestWhoIsNoXAPIIsNotPinned meets a web server at the address before xapi is there.
func TestWhoIsNoXAPIIsNotPinned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "known")
		n := newNetwork(t)
		n.secure(t, "a", always(page))
		var told story
		c := n.client(t, nil, trusting(xapi.TLSConfig{KnownHosts: path}, &told, "a"))
		ctx := limited(t, time.Hour)
		_, err := c.Session(ctx)
		wantError[*xapi.NotXAPIError](t, err)
		real := newCertificate(t, "a", year)
		n.show("a", real)
		n.set("a", master("P", "a", "a"))
		mustSession(ctx, t, c)
		told.want(t, "refused https://a not-xapi", "failed", "pinned https://a first-use", "found https://a")
		synctest.Wait()
		if text := readFile(t, path); strings.Count(text, "https://") != 1 || !strings.Contains(text, sha256Of(real)) {
			t.Error(text)
		}
	})
}

// TestKnownHostsFile refuses a file that cannot be understood, or that others can write: beginning anew would be to trust
// anybody.
func TestKnownHostsFile(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for name, tt := range map[string]struct {
		text string
		mode os.FileMode
		want string // of the error; empty: it is good
	}{
		"good":           {"# words\n\nP https://a " + sum + "\n- https://[fd00:0::1] sha256:" + sum + "\n", 0o600, ""},
		"for all":        {"P https://a " + sum, 0o644, ""},
		"a word too few": {"P https://a\n", 0o600, "known:1: a line is a pool's uuid, an address and a SHA-256"},
		"no address":     {"\nP a " + sum, 0o600, `known:2: address "a" has no scheme`},
		"no sum":         {"P https://a abc", 0o600, "is not a SHA-256"},
		"open to others": {"", 0o622, "can be written by others"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "known")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			_, err := xapi.New(xapi.Config{Addresses: []string{"unix:///x"}, TLS: xapi.TLSConfig{KnownHosts: path}})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Error(err)
			}
		})
	}
}

// TestKnownHostsAreShared lets two clients of different pools write one file, and keeps a person's lines.
func TestKnownHostsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "known")
		sum := strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
		if err := os.WriteFile(path, []byte("Q https://z "+sum+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		n := newNetwork(t)
		ctx := limited(t, time.Hour)
		var want string
		var told story
		clients := []*xapi.Client{
			n.client(t, nil, trusting(xapi.TLSConfig{KnownHosts: path}, &told, "a")),
			n.client(t, nil, trusting(xapi.TLSConfig{KnownHosts: path}, &told, "b")),
		}
		for i, name := range []string{"a", "b"} {
			cert := n.secure(t, name, master("P-"+name, name, name))
			want += "P-" + name + " https://" + name + " " + sha256Of(cert) + "\n"
			mustSession(ctx, t, clients[i])
			synctest.Wait()
		}
		if text := readFile(t, path); !strings.HasSuffix(text, "line here.\n"+want+"Q https://z "+sum+"\n") {
			t.Error(text)
		}
	})
}

// TestThumbprint follows members to a master whose certificate nobody has pinned: the member that is trusted tells it.
func TestThumbprint(t *testing.T) {
	for name, tt := range map[string]struct {
		tell   func(master string) string // what the member tells of the master's certificate
		pinned bool
		want   func(error) bool // nil: it works
	}{
		"pinned":            {func(m string) string { return m }, true, nil},
		"known":             {func(m string) string { return m }, false, nil},
		"not told, pinned":  {func(string) string { return "" }, true, isTrust},
		"not told, known":   {func(string) string { return "" }, false, nil}, // first use
		"told wrong, known": {func(string) string { return strings.Repeat("00:", 31) + "00" }, false, isTrust},
		"told nonsense":     {func(string) string { return "abc" }, true, isTrust},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork(t)
				member := n.secure(t, "b", slaveOf("a"))
				theirs := n.secure(t, "a", master("P", "a", "a"))
				n.thumbprint("b", tt.tell(sha256Of(theirs)))
				trust := xapi.TLSConfig{KnownHosts: filepath.Join(t.TempDir(), "known")}
				if tt.pinned {
					trust = xapi.TLSConfig{Fingerprint: sha256Of(member)}
				}
				var told story
				c := n.client(t, nil, trusting(trust, &told, "b"))
				_, err := c.Session(limited(t, time.Minute))
				switch {
				case tt.want == nil && err != nil, tt.want != nil && !tt.want(err):
					t.Error(err)
				case tt.want == nil && tt.tell("x") == "x" && tt.pinned:
					told.want(t, "pinned https://a thumbprint", "found https://a")
				}
				if got := n.called("a", "session.login_with_password"); (got > 0) != (tt.want == nil) {
					t.Errorf("%d logins at the master", got)
				}
			})
		})
	}
}

func isTrust(err error) bool { _, is := errors.AsType[*xapi.TrustError](err); return is }

// TestThumbprintIsNotTakenFromStrangers: whoever is not trusted is not heard.
func TestThumbprintIsNotTakenFromStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.secure(t, "b", slaveOf("a"))
		theirs := n.secure(t, "a", master("P", "a", "a"))
		n.thumbprint("b", sha256Of(theirs))
		var told story
		c := n.client(t, nil, trusting(xapi.TLSConfig{Fingerprint: strings.Repeat("00", 32)}, &told, "b"))
		if _, err := c.Session(limited(t, time.Minute)); !isTrust(err) {
			t.Error(err)
		}
		if n.called("b", "session.login_with_password")+n.called("a", "session.login_with_password") > 0 {
			t.Error("a stranger got the password")
		}
	})
}

// TestExpiringCertificate tells of a certificate's end from 30 days before, once a day while calls are made.
func TestExpiringCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.secure(t, "a", master("P", "a", "a"))
		n.show("a", newCertificate(t, "a", 40*24*time.Hour))
		var told story
		c := n.client(t, nil, trusting(xapi.TLSConfig{Insecure: true}, &told, "a"))
		ctx := limited(t, year)
		mustSession(ctx, t, c)
		for range 12 * 2 {
			time.Sleep(12 * time.Hour)
			if err := c.Do(ctx, vm.GetPowerState().Request, nil); err != nil {
				t.Fatal(err)
			}
		}
		told.want(t, "found https://a", "expiring https://a", "expiring https://a", "expiring https://a")
	})
}

// TestTrustInASimulatedPool follows real sockets, TLS as xapi sets it up, and the thumbprint header of 24.1.
func TestTrustInASimulatedPool(t *testing.T) {
	for version, works := range map[string]bool{"24.19": true, "8.2": false} {
		t.Run(version, func(t *testing.T) {
			pool, err := simulator.New(simulator.Model{Version: version, Hosts: 2, VMs: -1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(pool.Close)
			if err := pool.Listen("https://127.0.45.1:0"); err != nil {
				t.Fatal(err)
			}
			print, err := pool.Fingerprint("xen-2")
			if err != nil {
				t.Fatal(err)
			}
			c, err := xapi.New(xapi.Config{
				Addresses: pool.URLs()[1:], Username: "root", TLS: xapi.TLSConfig{Fingerprint: print},
				Password: func(context.Context) (string, error) { return "xenroot", nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			s, err := c.Session(ctx) // at once, in both cases
			if works != (err == nil) || !works && !isTrust(err) {
				t.Errorf("%v, %v", s, err)
			}
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMembersAreLearned pins one host and loses it: the master told the certificates of all members before.
func TestMembersAreLearned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		next := n.secure(t, "b", slaveOf("a"))
		pinned := n.secure(t, "a", master("P", "a", "a", func(c fakeCall) string {
			if c.method != "Certificate.get_all_records" {
				return ""
			}
			host := func(name, kind, sum string) string {
				return record("type", kind, "host", "OpaqueRef:host-"+name, "fingerprint", sum)
			}
			sum := sha256Of(next)
			return ok(record("OpaqueRef:1", host("b", "host", sum), "OpaqueRef:2", host("c", "ca", sum), "OpaqueRef:3", host("d", "host", "nonsense")))
		}))
		var told story
		c := n.client(t, nil, trusting(xapi.TLSConfig{Fingerprint: sha256Of(pinned)}, &told, "a"))
		ctx := limited(t, time.Hour)
		s := mustSession(ctx, t, c)
		c.SetMembers([]string{"a", "b"})
		synctest.Wait()
		n.down("a", "dead")
		n.set("b", master("P", "b", "b"))
		c.Invalidate(s, errors.New("gone"))
		if s := mustSession(ctx, t, c); s.MasterAddress() != "b" {
			t.Errorf("took %v", s)
		}
		told.want(t, "found https://a", "pinned https://b pool", "lost https://a transport", "found https://b")
	})
}
