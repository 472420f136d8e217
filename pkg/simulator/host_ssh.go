package simulator

import (
	"strconv"
	"time"
)

// sshBehaviours are the calls about the shells of hosts: open or not, for how long, and idle for how long.
func sshBehaviours() map[string]behaviour {
	table := map[string]behaviour{
		"host.enable_ssh":  func(c *call) (any, error) { return nil, c.oneShell(func(t *tx, host string) { t.openShell(c, host) }) },
		"host.disable_ssh": func(c *call) (any, error) { return nil, c.oneShell((*tx).closeShell) },
		"pool.enable_ssh":  func(c *call) (any, error) { return nil, c.allShells(func(t *tx, host string) { t.openShell(c, host) }) },
		"pool.disable_ssh": func(c *call) (any, error) { return nil, c.allShells((*tx).closeShell) },
	}
	for _, field := range []string{"ssh_enabled_timeout", "console_idle_timeout", "ssh_auto_mode"} {
		write := func(c *call) func(t *tx, host string) {
			return func(t *tx, host string) { t.set("host", host, field, c.params[1]) }
		}
		table["host.set_"+field] = func(c *call) (any, error) {
			if err := checkSeconds(field, c.params[1]); err != nil {
				return nil, err
			}
			return nil, c.oneShell(write(c))
		}
		table["pool.set_"+field] = func(c *call) (any, error) {
			if err := checkSeconds(field, c.params[1]); err != nil {
				return nil, err
			}
			return nil, c.allShells(write(c))
		}
	}
	return table
}

// shellLongest is the longest that a shell can be open by itself. xapi: two days.
const shellLongest = 172800

// checkSeconds refuses a time that is negative, or too long for a shell to be open. xapi: 0 has no end.
func checkSeconds(field string, value any) error {
	n, ok := value.(int64)
	if ok && (n < 0 || field == "ssh_enabled_timeout" && n > shellLongest) {
		return fail("VALUE_NOT_SUPPORTED", field, strconv.FormatInt(n, 10), "Timeout must be between 0 and "+strconv.Itoa(shellLongest)+" seconds")
	}
	return nil
}

// oneShell runs f for the host that a call is about.
func (c *call) oneShell(f func(t *tx, host string)) error {
	if err := c.atHost(c.str(0)); err != nil {
		return err
	}
	return c.update(func(t *tx) error { f(t, c.str(0)); return nil })
}

// allShells runs f for every host.
func (c *call) allShells(f func(t *tx, host string)) error {
	return c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		for _, host := range t.all("host") {
			f(t, host)
		}
		return nil
	})
}

// openShell opens the shell of a host, which closes by itself after the host's ssh_enabled_timeout. xapi: a host that opens
// it as it needs does not any more.
func (t *tx) openShell(c *call, host string) {
	t.set("host", host, "ssh_auto_mode", false)
	t.set("host", host, "ssh_enabled", true)
	after := time.Duration(t.num("host", host, "ssh_enabled_timeout")) * time.Second
	if after == 0 {
		t.set("host", host, "ssh_expiry", epoch())
		return
	}
	expiry := wholeSecond(time.Now().Add(after))
	t.set("host", host, "ssh_expiry", expiry)
	l := c.life
	c.pool.work.Go(func() {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.done():
			return
		}
		_ = l.update(func(t *tx) error { // a life that has ended meanwhile has no shells
			if t.at("host", host, "ssh_expiry").Equal(expiry) {
				t.set("host", host, "ssh_enabled", false)
			}
			return nil
		})
	})
}

// closeShell closes the shell of a host.
func (t *tx) closeShell(host string) {
	t.set("host", host, "ssh_auto_mode", false)
	t.set("host", host, "ssh_enabled", false)
	t.set("host", host, "ssh_expiry", wholeSecond(time.Now()))
}
