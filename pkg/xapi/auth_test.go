package xapi_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestAuthenticators read one password from each kind of place, and say what is wrong without saying what they read.
func TestAuthenticators(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := file("say", "#!/bin/sh\necho \"$1\"; echo canary >&2; exit $2\n")
	env := map[string]string{"P": password}
	getenv := func(name string) string { return env[name] }
	for name, tt := range map[string]struct {
		auth xapi.Authenticator
		want string // of the error; empty: the password
	}{
		"a file":                 {xapi.PasswordFile(file("good", password+"\r\n")), ""},
		"a file with two lines":  {xapi.PasswordFile(file("two", "canary\ncanary\n")), "has several lines"},
		"an empty file":          {xapi.PasswordFile(file("empty", "\n")), "empty is empty"},
		"no file":                {xapi.PasswordFile(filepath.Join(dir, "none")), "no such file"},
		"a variable":             {xapi.PasswordEnv(getenv, "P"), ""},
		"no variable":            {xapi.PasswordEnv(getenv, "Q"), "$Q is empty"},
		"a command":              {xapi.PasswordCommand("sh", script, password, "0"), ""},
		"a command that fails":   {xapi.PasswordCommand("sh", script, "canary", "3"), "running sh: exit status 3"},
		"a command that is none": {xapi.PasswordCommand(filepath.Join(dir, "none")), "no such file"},
		"a silent command":       {xapi.PasswordCommand("sh", script, "", "0"), "what sh says is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tt.auth(t.Context())
			switch {
			case tt.want == "" && (got != password || err != nil):
				t.Errorf("%q, %v", got, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary")):
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestPasswordCommandEnds stops a command that does not end.
func TestPasswordCommandEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := xapi.PasswordCommand("sleep", "60")(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestRotation changes the password of a pool in every order of things; what the client has to say for it is the next
// login, and that works.
func TestRotation(t *testing.T) {
	for name, play := range map[string]func(ctx context.Context, t *testing.T, c *xapi.Client, given *string){
		"the file follows": func(ctx context.Context, t *testing.T, c *xapi.Client, given *string) {
			change(ctx, t, c, "xenroot", "new")
			*given = "new"
		},
		"the file does not follow yet": func(ctx context.Context, t *testing.T, c *xapi.Client, _ *string) {
			change(ctx, t, c, "xenroot", "new")
		},
		"two changes, and the file follows none": func(ctx context.Context, t *testing.T, c *xapi.Client, _ *string) {
			change(ctx, t, c, "xenroot", "new")
			change(ctx, t, c, "new", "newer")
		},
		"a change after a login with a changed one": func(ctx context.Context, t *testing.T, c *xapi.Client, _ *string) {
			change(ctx, t, c, "xenroot", "new")
			c.Invalidate(c.Current(), errors.New("gone"))
			mustSession(ctx, t, c)
			change(ctx, t, c, "new", "newer")
		},
		"the file goes its own way": func(ctx context.Context, t *testing.T, c *xapi.Client, given *string) {
			change(ctx, t, c, "xenroot", "new")
			change(ctx, t, c, "new", "last")
			*given = "last"
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := simulator.Start(t, simulator.Model{})
				given := "xenroot"
				c, err := xapi.New(xapi.Config{
					Addresses: pool.URLs()[:1], Username: "root", Dial: pool.Dial,
					Password: func(context.Context) (string, error) { return given, nil },
				})
				if err != nil {
					t.Fatal(err)
				}
				ctx := limited(t, time.Hour)
				mustSession(ctx, t, c)
				play(ctx, t, c, &given)
				c.Invalidate(c.Current(), errors.New("gone"))
				started := time.Now()
				mustSession(ctx, t, c)
				if took := time.Since(started); took > time.Second {
					t.Errorf("took %v", took)
				}
				if err := c.Close(ctx); err != nil || pool.SessionCount() != 0 {
					t.Errorf("%v, %d sessions are left", err, pool.SessionCount())
				}
			})
		})
	}
}

func change(ctx context.Context, t *testing.T, c *xapi.Client, from, to string) {
	t.Helper()
	if _, err := xapi.Call(ctx, c, xen.SessionChangePassword(from, to)); err != nil {
		t.Fatal(err)
	}
}

// TestPasswordChangedOnTheWay reads the old password just before somebody changes it: the first search does not end with
// a refusal, but asks again.
func TestPasswordChangedOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "a")
		good := master("P", "a", "a")
		n.set("a", func(c fakeCall) string {
			if c.method == "session.login_with_password" && c.params[1] != "new" {
				return failure("SESSION_AUTHENTICATION_FAILED", "root", "Permission denied")
			}
			return good(c)
		})
		asked := 0
		c := n.client(t, []string{"a"}, func(cfg *xapi.Config) {
			cfg.Password = func(context.Context) (string, error) {
				asked++
				return map[bool]string{true: "old", false: "new"}[asked == 1], nil
			}
		})
		mustSession(limited(t, time.Hour), t, c)
	})
}

// TestPermissions asks what root, and what a person with a role, may do.
func TestPermissions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := simulator.Start(t, simulator.Model{Users: []simulator.User{{Name: "al", Password: "p", Role: "vm-operator"}}})
		ctx := limited(t, time.Hour)
		for user, may := range map[string]map[string]bool{
			"root": {"VM.start": true, "pool.eject": true},
			"al":   {"VM.start": true, "Async.VM.start": true, "vm.start": true, "pool.eject": false, "VM.add_to_other_config/key:folder": true, "VM.unheard_of": false},
		} {
			c, err := xapi.New(xapi.Config{
				Addresses: pool.URLs()[:1], Username: user, Dial: pool.Dial,
				Password: func(context.Context) (string, error) {
					return map[string]string{"root": "xenroot", "al": "p"}[user], nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			s := mustSession(ctx, t, c)
			for method, want := range may {
				if got, err := s.May(ctx, method); got != want || err != nil {
					t.Errorf("%s may call %s: %v, %v", user, method, got, err)
				}
			}
			p, err := s.Permissions(ctx)
			if err != nil || p.Superuser != (user == "root") || (len(p.Names()) == 0) != p.Superuser {
				t.Errorf("%s: %d permissions, superuser %v, %v", user, len(p.Names()), p.Superuser, err)
			}
			if err := c.Close(ctx); err != nil {
				t.Error(err)
			}
		}
	})
}
