package simulator

import "testing"

// Start makes a pool for a test, reachable through Dial in memory, and closes it when the test ends. It works inside a
// synctest bubble: every wait of the pool is on package time or on a channel of its own.
func Start(tb testing.TB, m Model) *Pool {
	tb.Helper()
	p, err := New(m)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}
