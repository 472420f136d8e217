package simulator

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestDumpsOfReleases: a dump of an old pool and one of a new pool load as what they are, and their VMs start, move and stop.
func TestDumpsOfReleases(t *testing.T) {
	for _, version := range []string{"8.2", "26"} {
		synctest.Test(t, func(t *testing.T) {
			d, err := Load(strings.NewReader(dumpOf(t, Start(t, Model{Hosts: 3, VMs: 12, Version: version}))))
			if err != nil {
				t.Fatal(err)
			}
			if left, err := d.Ignored(""); err != nil || len(left) > 0 {
				t.Errorf("of a dump of %s is left out %v, %v", version, left, err)
			}
			p := Start(t, Model{Dump: d, Timing: DemoTiming()})
			w := dial(t, p, strings.TrimPrefix(p.URLs()[p.masterIndex()], "http://"))
			w.login()
			vm := string(p.VMRef("web-1"))
			if p.PowerState("web-1") != "Running" {
				w.must("VM.start", vm, false, false)
			}
			for _, m := range p.members {
				w.must("VM.pool_migrate", vm, m.host, mapOf("live", "true"))
				if got := p.HostOf("web-1"); got != m.name {
					t.Errorf("in %s web-1 is on %s, want %s", version, got, m.name)
				}
			}
			w.must("VM.hard_shutdown", vm)
			time.Sleep(time.Hour)
			synctest.Wait()
			if got := p.PowerState("web-1"); got != "Halted" {
				t.Errorf("in %s web-1 is %s", version, got)
			}
		})
	}
}

// TestDumpOfAnotherRelease: what the release does not have is left out, and named.
func TestDumpOfAnotherRelease(t *testing.T) {
	text := dumpOf(t, Start(t, Model{Hosts: 1, VMs: 2, Version: "26"}))
	text = strings.Replace(text, `"objects":{`, `"objects":{"Teapot":{"OpaqueRef:t":{"uuid":"t"}},`, 1)
	d, err := Load(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	left, err := d.Ignored("8.2")
	if err != nil {
		t.Fatal(err)
	}
	if all := " " + strings.Join(left, " ") + " "; !strings.Contains(all, " Teapot ") || !strings.Contains(all, " host.ssh_enabled ") || strings.Contains(all, "name_label") {
		t.Errorf("left out are %s", all)
	}
	p := Start(t, Model{Dump: d, Version: "8.2"})
	if err := p.StartVM("db-1"); err != nil && !strings.Contains(err.Error(), "no VM") {
		t.Error(err)
	}
}

// TestBrokenDumps: the error says which object is wrong, and what about it.
func TestBrokenDumps(t *testing.T) {
	p := Start(t, Model{Hosts: 2, VMs: 4})
	text := dumpOf(t, p)
	host := p.members[1].host
	metrics := ""
	p.view(func(x *tx) { metrics = x.str("host", host, "metrics") })
	vm := string(p.VMRef("web-1"))
	if p.PowerState("web-1") != "Running" {
		t.Fatal("web-1 does not run")
	}
	on := ""
	p.view(func(x *tx) { on = x.str("VM", vm, "resident_on") })
	for _, c := range []struct{ name, old, new, want string }{
		{"metrics", `"metrics":"` + metrics + `"`, `"metrics":"OpaqueRef:gone"`, "host " + host + `: its metrics is "OpaqueRef:gone", and no host_metrics of the dump`},
		{"master", `"master":"` + p.members[0].host + `"`, `"master":"OpaqueRef:gone"`, "a master that is none of its hosts"},
		{"residence", `"resident_on":"` + on + `"`, `"resident_on":"OpaqueRef:gone"`, `is Running on "OpaqueRef:gone", and that is no host of the dump`},
		{"two of one reference", `"` + vm + `":{`, `"` + host + `":{`, "have one reference, " + host},
		{"a number", `"memory_static_max":"`, `"memory_static_max":"x`, "VM.memory_static_max of "},
	} {
		broken := strings.ReplaceAll(text, c.old, c.new)
		if broken == text {
			t.Fatalf("%s: there is no %s", c.name, c.old)
		}
		d, err := Load(strings.NewReader(broken))
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(Model{Dump: d})
		if err == nil {
			p.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", c.name, err, c.want)
		}
	}
}

// TestDumpOfJSON: records that came by JSON-RPC make the same dump.
func TestDumpOfJSON(t *testing.T) {
	var byXML, byJSON Dump
	if err := byXML.Add("VM", []byte(`<value><struct><member><name>OpaqueRef:a</name><value><struct><member><name>name_label</name><value>x</value></member></struct></value></member></struct></value>`)); err != nil {
		t.Fatal(err)
	}
	if err := byJSON.Add("VM", []byte(`{"OpaqueRef:a":{"name_label":"x"}}`)); err != nil {
		t.Fatal(err)
	}
	var a, b strings.Builder
	if _, err := byXML.WriteTo(&a); err != nil {
		t.Fatal(err)
	}
	if _, err := byJSON.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Errorf("by XML %s by JSON %s", a.String(), b.String())
	}
}
