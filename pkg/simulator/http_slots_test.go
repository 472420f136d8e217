package simulator

import (
	"testing"
	"testing/synctest"
	"time"
)

// The 801st connection is open and gets no answer until another one ends.
func TestConnectionsWaitForAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{Hosts: 1, VMs: 1})
		open := make([]*wire, tcpConnections)
		for i := range open {
			open[i] = dial(t, p, "10.0.0.1")
			if _, err := open[i].raw("system.isAlive:x", "y"); err != nil {
				t.Fatal(err)
			}
		}
		late, answered := dial(t, p, "10.0.0.1"), make(chan time.Time, 1)
		go func() {
			if _, err := late.raw("system.isAlive:x", "y"); err == nil {
				answered <- time.Now()
			}
			close(answered)
		}()
		time.Sleep(time.Hour)
		ended := time.Now()
		_ = open[0].conn.Close()
		if at, ok := <-answered; !ok || at.Before(ended) {
			t.Errorf("answered at %v, the other connection ended at %v", at, ended)
		}
	})
}
