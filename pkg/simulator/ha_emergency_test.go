package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What a pool allows follows its HA, and nothing is allowed while an operation on it runs.
func TestPoolAllowedOperations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2, Timing: Timing{Designate: Span{Min: 10 * time.Second}}})
		w := login1(t, p)
		pool := w.must("pool.get_all").(Set)[0]
		want := func(when, operations string) {
			t.Helper()
			if got := strings.Join(wordsOf(w.must("pool.get_allowed_operations", pool).(Set)), " "); got != operations {
				t.Errorf("%s: %s, want %s", when, got, operations)
			}
		}
		const without = "cluster_create sync_updates tls_verification_enable designate_new_master exchange_ca_certificates_on_join configure_repositories " +
			"apply_updates get_updates ha_enable cert_refresh eject copy_primary_host_certs exchange_certificates_on_join"
		want("at rest", without)
		withHA(t, p)
		want("with HA", "sync_updates designate_new_master exchange_ca_certificates_on_join configure_repositories apply_updates get_updates cert_refresh eject ha_disable copy_primary_host_certs exchange_certificates_on_join")
		w.must("pool.disable_ha")
		want("without HA again", without)
		w.must("Async.pool.designate_new_master", hostRefOf(p, "xen-2"))
		time.Sleep(time.Second)
		want("while the master changes", "")
	})
}

// A host that has agreed to a new master stands by it for ten minutes, or until somebody aborts it.
func TestProposedMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		master, w := login1(t, p), localLoginAt(t, p, "10.0.0.2")
		if got := master.refused("host.commit_new_master", "10.0.0.2"); got != `INTERNAL_ERROR | Internal API "host.commit_new_master" call attempted with non-pool (external) session` {
			t.Error(got)
		}
		if got := w.refused("host.commit_new_master", "10.0.0.2"); got != "HA_ABORT_NEW_MASTER | Received commit_new_master(10.0.0.2) but never received a proposal" {
			t.Error(got)
		}
		w.must("host.propose_new_master", "10.0.0.3", true)
		w.must("host.propose_new_master", "10.0.0.3", true)
		const already = "HA_ABORT_NEW_MASTER | Already agreed to commit host address '10.0.0.3' at "
		if got := w.refused("host.propose_new_master", "10.0.0.2", true); !strings.HasPrefix(got, already) || !strings.HasSuffix(got, " ('0.000000' secs ago)") {
			t.Error(got)
		}
		if got := w.refused("host.commit_new_master", "10.0.0.2"); got != "HA_ABORT_NEW_MASTER | Received commit_new_master(10.0.0.2) but previously received proposal for 10.0.0.3" {
			t.Error(got)
		}
		if got := master.refused("pool.designate_new_master", hostRefOf(p, "xen-2")); !strings.HasPrefix(got, already) {
			t.Errorf("a change to another master: %s", got)
		}
		time.Sleep(proposalLasts + time.Second)
		w.must("host.propose_new_master", "10.0.0.2", true)
		w.must("host.abort_new_master", "10.0.0.2")
		w.must("host.propose_new_master", "10.0.0.2", true)
		w.must("host.commit_new_master", "10.0.0.2")
		if got := confOf(p, "xen-2"); got != "master" {
			t.Errorf("the host will be %s", got)
		}
		time.Sleep(time.Minute)
		if _, err := dial(t, p, "10.0.0.2").raw("session.login_with_password", "root", "xenroot"); err != nil {
			t.Errorf("login after the fuse: %v", err)
		}
	})
}

// A host that is taken out of HA is not elected, and can be made master by hand.
func TestEmergencyDisableHA(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := Start(t, Model{VMs: 2})
		if got := localLoginAt(t, p, "10.0.0.2").refused("host.emergency_ha_disable"); got != "HA_NOT_ENABLED" {
			t.Error(got)
		}
		withHA(t, p)
		if err := p.MasterDies(); err != nil {
			t.Fatal(err)
		}
		w := localLoginAt(t, p, "10.0.0.2")
		if got := w.refused("pool.emergency_transition_to_master"); got != "HA_IS_ENABLED" {
			t.Error(got)
		}
		w.must("host.emergency_ha_disable", false)
		localLoginAt(t, p, "10.0.0.3").must("host.emergency_ha_disable", true)
		time.Sleep(10 * time.Minute)
		if p.State().Pool.Master != "" {
			t.Errorf("%s was elected", p.State().Pool.Master)
		}
		localLoginAt(t, p, "10.0.0.2").must("pool.emergency_transition_to_master")
		time.Sleep(time.Minute)
		if _, err := dial(t, p, "10.0.0.2").raw("session.login_with_password", "root", "xenroot"); err != nil {
			t.Errorf("login after the fuse: %v", err)
		}
	})
}
