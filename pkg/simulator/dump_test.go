package simulator

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// dumpOf dumps a pool as any client would.
func dumpOf(t *testing.T, p *Pool) string {
	t.Helper()
	w := dial(t, p, strings.TrimPrefix(p.URLs()[p.masterIndex()], "http://"))
	w.login()
	classes, err := DumpedClasses()
	if err != nil {
		t.Fatal(err)
	}
	var d Dump
	for _, class := range classes {
		v, err := w.call(class + ".get_all_records")
		f := &Failure{}
		if errors.As(err, &f) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if err := d.Add(class, xapid.AppendValue(nil, v)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := d.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A pool that is dumped, loaded and dumped again is the same, and lives on.
func TestDumpAndLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := Start(t, Model{Hosts: 3, VMs: 20})
		if err := first.KillMaster("xen-2"); err != nil { // so that the master is not the first host
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		text := dumpOf(t, first)
		d, err := Load(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		second := Start(t, Model{Dump: d})
		if again := dumpOf(t, second); again != text {
			a, b := strings.Split(text, "\n"), strings.Split(again, "\n")
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					t.Fatalf("line %d\n%s\nbecame\n%s", i+1, a[i], b[i])
				}
			}
			t.Fatalf("%d lines became %d", len(a), len(b))
		}
		if err := second.HaltVM("web-1"); err != nil {
			t.Fatal(err)
		}
		if err := second.StartVM("web-1"); err != nil {
			t.Fatal(err)
		}
		if got := second.PowerState("web-1"); got != "Running" {
			t.Errorf("web-1 is %s", got)
		}
	})
}

func TestDumpIsRedacted(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	w := login1(t, p)
	w.must("secret.create", Map{{Key: "value", Value: "hush-1"}, {Key: "other_config", Value: Map{}}})
	pool := w.must("pool.get_all").(Set)[0]
	w.must("pool.add_to_other_config", pool, "backup_Password", "hush-2")
	w.must("pool.add_to_other_config", pool, "session_cookie", "hush-3")
	w.must("pool.add_to_other_config", pool, "site", "visible")
	text := dumpOf(t, p)
	if strings.Contains(text, "hush") || strings.Contains(text, strings.TrimPrefix(w.session, "OpaqueRef:")) {
		t.Error("something secret is in the dump")
	}
	if !strings.Contains(text, `"site":"visible"`) || !strings.Contains(text, `"backup_Password":"redacted"`) {
		t.Error("too much was redacted, or too little")
	}
}

func TestLoadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                                "EOF",
		`{"format":"x"}`:                  "format",
		`[]`:                              "format",
		`{"format":"` + dumpFormat + `"}`: "no objects",
		`{"format":"` + dumpFormat + `","objects":{"VM":3}}`:   "VM",
		`{"format":"` + dumpFormat + `","objects":{}} tail`:    "follows",
		`{"format":"` + dumpFormat + `","objects":{"VM":null}`: "null",
	} {
		if _, err := Load(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something about %q", text, err, want)
		}
	}
	d, err := Load(strings.NewReader(`{"format":"` + dumpFormat + `","objects":{"VM":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := New(Model{Dump: d}); err == nil {
		p.Close()
		t.Error("a dump without hosts is a pool")
	}
}
