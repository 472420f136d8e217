package record

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// upper resolves ~x to X, and refuses ~?.
func upper(out, raw []byte) ([]byte, int) {
	if bad := bytes.Index(raw, []byte("~?")); bad >= 0 {
		return out, bad
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] == '~' && i+1 < len(raw) {
			i++
			out = append(out, raw[i]-'a'+'A')
			continue
		}
		out = append(out, raw[i])
	}
	return out, -1
}

type target struct {
	name xen.VMRef
	set  []xen.VBDRef
	pair xen.Map[string, xen.VMOperation]
}

// fill reads a record whose texts begin with prefix, at place 100 of the window.
func (r *target) fill(t *Text, prefix string) {
	Keep(t, &r.name, []byte(prefix+"name"), 100)
	from := t.Cells()
	t.CellText([]byte(prefix+"item"), 200)
	t.Cell("known")
	KeepSet(t, &r.set, from)
	from = t.Cells()
	t.Cell("key")
	t.CellText([]byte(prefix+"value"), 300)
	KeepMap(t, &r.pair, from)
}

func (r *target) check(t *testing.T, prefix string) {
	t.Helper()
	v, _ := r.pair.Get("key")
	if r.name != xen.VMRef(prefix+"name") || len(r.set) != 2 || r.set[0] != xen.VBDRef(prefix+"item") || r.set[1] != "known" || string(v) != prefix+"value" {
		t.Errorf("got %+v", r)
	}
}

func TestTextSetsEverythingAtTheEnd(t *testing.T) {
	var text Text
	var a, b target
	a.fill(&text, "a")
	if a.name != "" || a.set != nil {
		t.Error("set before the end")
	}
	if bad := text.Finish('~', upper); bad >= 0 {
		t.Fatal(bad)
	}
	b.fill(&text, "~b")
	if bad := text.Finish('~', upper); bad >= 0 {
		t.Fatal(bad)
	}
	a.check(t, "a")
	b.check(t, "B")
	if _ = append(a.set, "x"); a.pair[0].Key != "key" {
		t.Error("appending to a set writes into the map behind it")
	}
}

func TestTextNeedsTwoAllocationsARecord(t *testing.T) {
	var text Text
	var r target
	if n := testing.AllocsPerRun(100, func() { r.fill(&text, "some longer text than fits "); text.Finish('~', upper) }); n > 2 {
		t.Errorf("%.0f allocations", n)
	}
}

func TestTextSaysWhereItCannotBeRead(t *testing.T) {
	for prefix, want := range map[string]int{"ab~?": 102, "a\x00": 101} {
		var text Text
		var r target
		r.fill(&text, prefix)
		if bad := text.Finish('~', upper); bad != want || r.name != "" {
			t.Errorf("%q: got %d, want %d, %+v", prefix, bad, want, r)
		}
	}
}

func TestTextTakesOutAndGoesBack(t *testing.T) {
	var text Text
	var a, b target
	a.fill(&text, "a")
	mark := text.Mark()
	text.Cell("one")
	text.CellText([]byte("~two"), 0)
	cells, bad := text.Take(mark, '~', upper)
	if bad >= 0 || strings.Join(cells, " ") != "one Two" {
		t.Errorf("got %v, %d", cells, bad)
	}
	b.fill(&text, "b")
	text.Back(mark)
	text.Finish('~', upper)
	a.check(t, "a")
	if b.name != "" || b.set != nil {
		t.Errorf("what was taken back was set: %+v", b)
	}
}
