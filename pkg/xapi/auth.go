package xapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Authenticator gives the password to log in with. It is called for every round of logins, so that a password that was
// changed is picked up without a restart, and once more when one was refused. It should end with its context.
type Authenticator func(context.Context) (password string, err error)

// PasswordFile reads the password from a file, up to the end of its line.
func PasswordFile(path string) Authenticator {
	return func(context.Context) (string, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		return onePassword(string(text), path)
	}
}

// PasswordEnv takes the password from a variable, as getenv (os.Getenv) has it.
func PasswordEnv(getenv func(string) string, name string) Authenticator {
	return func(context.Context) (string, error) { return onePassword(getenv(name), "$"+name) }
}

// commandTime is how long a command may take to say the password.
const commandTime = 30 * time.Second

// PasswordCommand runs a program that writes the password on its standard output, such as the client of a vault. What it
// writes on standard error is not shown: nobody knows what it is.
func PasswordCommand(program string, args ...string) Authenticator {
	return func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, commandTime, noAnswerError{commandTime})
		defer cancel()
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.WaitDelay = time.Second // its children may keep the pipe open
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return "", fmt.Errorf("running %s: %w", program, err)
		}
		return onePassword(out.String(), "what "+program+" says")
	}
}

// onePassword takes the line end off a password.
func onePassword(text, where string) (string, error) {
	password := strings.TrimRight(text, "\r\n")
	switch {
	case password == "":
		return "", fmt.Errorf("%s is empty", where)
	case strings.ContainsAny(password, "\r\n"):
		return "", fmt.Errorf("%s has several lines", where)
	}
	return password, nil
}

// password is the one to log in with now. One that was changed through this client is used in place of the old one until
// the Authenticator has another.
func (c *Client) password(ctx context.Context) (string, error) {
	password, err := c.cfg.Password(ctx)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if from, to := c.changed[0], c.changed[1]; to.text != nil && from.reveal() == password {
		return to.reveal(), nil
	}
	return password, nil
}

// passwordChanged notes that session.change_password has succeeded: the session's user is ours.
func (c *Client) passwordChanged(req xen.Request) {
	if len(req.Params) < 2 {
		return
	}
	to, ok := req.Params[1].(string)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	from := c.changed[0]
	if from.text == nil || c.used.reveal() != c.changed[1].reveal() {
		from = c.used // otherwise the Authenticator still has the one before the last
	}
	c.changed = [2]secret{from, newSecret(to)}
}

// loginAgain logs in, and again where the password was refused and there is another one by now: it was changed while we
// were on our way.
func (c *Client) loginAgain(ctx context.Context, w *wire, who credentials) (*Session, error) {
	s, err := c.login(ctx, w, who)
	if !errors.Is(err, xen.SessionAuthenticationFailed) {
		return s, err
	}
	password, failed := c.password(ctx)
	if failed != nil || password == who.password {
		return nil, err
	}
	return c.login(ctx, w, credentials{who.user, password})
}
