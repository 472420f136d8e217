package simulator

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/tools/txtar"
)

// The default release has exactly the methods of the recorded xapi 24.19.2, in its order.
func TestMethodsOfTheRecordedRelease(t *testing.T) {
	w := login1(t, Start(t, Model{VMs: -1}))
	reply, err := w.raw("system.listMethods")
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, "testdata/methods-24.19.2.txt", wordsOf(reply.(Set)))
}

// wantLines compares words with the lines of a file.
func wantLines(t *testing.T, path string, got []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(text))
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("%s: number %d is %s, want %s", path, i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d, want %d", path, len(got), len(want))
	}
}

// Its records have exactly the members that were recorded, in their order.
func TestMembersOfTheRecordedRelease(t *testing.T) {
	ar, err := txtar.ParseFile("testdata/golden/rows.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, err := schemaOf(parseRelease("24.19.2"))
	if err != nil {
		t.Fatal(err)
	}
	if n := s.classes["VM"].public(); n != 91 {
		t.Errorf("a VM record has %d members, want 91", n)
	}
	compared := 0
	for _, f := range ar.Files {
		class, _, _ := strings.Cut(f.Name, " ") // what follows is the case that alone has it
		rows, err := readReply(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range rows.(Map) {
			var got, want []string
			for _, m := range e.Value.(Map) {
				want = append(want, m.Key)
			}
			for _, field := range s.classes[class].Fields {
				got = append(got, field.Name)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s has the members\n%v\nwant\n%v", f.Name, got, want)
			}
			compared++
			break
		}
	}
	if compared < 13 {
		t.Errorf("only %d classes were compared", compared)
	}
}

func TestConflictsOfOldReleases(t *testing.T) {
	for version, want := range map[string]int{"8.2": 3, "24.19": 5} {
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, Model{Version: version, VMs: 4, StrictConflicts: true, Timing: DemoTiming()})
			w := login1(t, p)
			vm := string(p.VMRef("app-1"))
			w.must("Async.VM.start", vm, false, false)
			synctest.Wait()
			if got := strings.Split(w.refused("VM.start", vm, false, false), " | "); got[0] != "OTHER_OPERATION_IN_PROGRESS" || len(got) != want {
				t.Errorf("%s: %q, want %d words", version, got, want)
			}
		})
	}
}

func TestHeadersOfOldReleases(t *testing.T) {
	p := Start(t, Model{Version: "8.2", VMs: -1})
	w := dial(t, p, "10.0.0.1")
	body := callText("system.isAlive:", "x")
	go func() {
		_, _ = fmt.Fprintf(w.conn, "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
	}()
	head, reply, err := readRaw(w.in)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection:keep-alive\r\ncache-control:no-cache, no-store\r\n"+
		"content-type:text/xml\r\nAccess-Control-Allow-Origin:*\r\nAccess-Control-Allow-Headers:X-Requested-With\r\n\r\n", len(reply))
	if string(head) != want {
		t.Errorf("the head is\n%s\nwant\n%s", head, want)
	}
}

// Each line of releases has its own members, methods, errors and delays.
func TestReleasesDiffer(t *testing.T) {
	for _, c := range []struct {
		version, build, unknown, known string
		vmFields, apiMinor             int
		badLogin                       time.Duration
	}{
		{"8.2", "1.249.32", "VM_group.get_all", "VMSS.get_all", 86, 15, 5 * time.Second},
		{"24.19", "24.19.2", "VM.sysprep", "VM_group.get_all", 91, 21, 0},
		{"26", "26.17.0", "VM.nothing", "Caller.get_all", 92, 23, 0},
	} {
		t.Run(c.version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := Start(t, Model{Version: c.version, VMs: 2})
				w := login1(t, p)
				if got := w.refused(c.unknown); !strings.HasPrefix(got, "MESSAGE_METHOD_UNKNOWN") {
					t.Errorf("%s: %s", c.unknown, got)
				}
				w.must(c.known)
				vm := w.must("VM.get_all_records").(Map)[0]
				if n := len(vm.Value.(Map)); n != c.vmFields {
					t.Errorf("a VM record has %d members, want %d", n, c.vmFields)
				}
				host := w.must("host.get_all").(Set)[0]
				if got := w.must("host.get_API_version_minor", host); got != string(rune('0'+c.apiMinor/10))+string(rune('0'+c.apiMinor%10)) {
					t.Errorf("API version 2.%s, want 2.%d", got, c.apiMinor)
				}
				if build, _ := w.must("host.get_software_version", host).(Map).Get("xapi_build"); build != c.build {
					t.Errorf("xapi_build is %s, want %s", build, c.build)
				}
				began := time.Now()
				if _, err := w.raw("session.login_with_password", "root", "wrong"); err == nil {
					t.Error("a wrong password is good")
				}
				if took := time.Since(began); took != c.badLogin {
					t.Errorf("a bad login took %s, want %s", took, c.badLogin)
				}
			})
		})
	}
}

// What a release does not have is written without anybody seeing it.
func TestFieldsOfLaterReleasesMakeNoEvents(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	p.view(func(t2 *tx) {
		before := t2.life.db.generation
		metrics := t2.all("VM_metrics")[0]
		t2.set("VM_metrics", metrics, "numa_optimised", true)
		if t2.life.db.generation != before {
			t.Error("a field of 26.2 was written to the database of 24.19")
		}
		t2.set("VM_metrics", metrics, "nested_virt", true)
		if t2.life.db.generation == before {
			t.Error("a field of 24.19 was not written")
		}
	})
}
