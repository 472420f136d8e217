package informer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/xencontroller/xencontroller/internal/wire/jsonrpc"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// moment is one line of a recording; see the head of the archive.
type moment struct {
	At     int64          `json:"t"`
	Reply  int            `json:"b"`
	Class  string         `json:"c"`
	Op     string         `json:"o"`
	Ref    string         `json:"r"`
	Fields map[string]any `json:"v"`
}

// recording is one operation as event.next and event.from told it at the same time.
type recording struct{ before, next, from []moment }

// TestRecordedTimelines plays every recorded operation to an informer in the replies that event.next gave, and to another
// in those of event.from. Both have to end in the same cache, which is what the last write of each object said.
func TestRecordedTimelines(t *testing.T) {
	for name, r := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			told := map[Events]store.Snapshot{}
			for _, events := range []Events{EventsRegister, EventsFrom} {
				synctest.Test(t, func(t *testing.T) { told[events] = r.play(t, events) })
			}
			next, from := told[EventsRegister], told[EventsFrom]
			objects := 0
			for _, class := range xen.Classes() {
				if a, b := store.Len(next, class), store.Len(from, class); a != b {
					t.Errorf("%s: %d objects by event.next, %d by event.from", class, a, b)
				}
				for ref := range next.Refs(class) {
					objects++
					a, _ := next.Record(class, ref)
					b, ok := from.Record(class, ref)
					if f := xen.Changed(a, b); !ok || !f.None() {
						t.Errorf("%s %s differs in %q", class, ref, f.Names(class))
					}
				}
			}
			r.wantLast(t, next, objects)
		})
	}
}

// wantLast compares a cache with the fields that were written last.
func (r *recording) wantLast(t *testing.T, snap store.Snapshot, objects int) {
	t.Helper()
	w := newWritten(r.before)
	for _, m := range r.next {
		w.write(m)
	}
	compared := 0
	for key, fields := range w.objects {
		compared++
		want := w.event(t, moment{Class: key[0], Ref: key[1], Op: "mod"}).Snapshot
		got, ok := snap.Record(want.Class(), key[1])
		if f := xen.Changed(want, got); !ok || !f.None() {
			t.Errorf("%s %s with %d fields written differs in %q", key[0], key[1], len(fields), f.Names(want.Class()))
		}
	}
	if compared == 0 || compared != objects {
		t.Errorf("%d objects are in the cache, %d are left of the recording", objects, compared)
	}
}

// play lets an informer hear a recording to its end.
func (r *recording) play(t *testing.T, events Events) store.Snapshot {
	s := store.New()
	tape := &tape{t: t, recording: r, world: newWritten(r.before), done: make(chan struct{})}
	i := newInformer(Config{Store: s, Events: events}, tape)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- i.Run(ctx) }()
	<-tape.done
	synctest.Wait()
	snap := s.Snapshot()
	if since, why := snap.Stale(); !snap.Synced() {
		t.Errorf("stale since %v: %s", since, why)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return snap
}

// written is what the writes of a recording have made of its objects so far.
type written struct {
	objects map[[2]string]map[string]any
	told    map[[2]string]bool // by event.from, to be there
}

func newWritten(before []moment) *written {
	w := &written{objects: map[[2]string]map[string]any{}, told: map[[2]string]bool{}}
	for _, m := range before {
		w.write(m)
		w.told[[2]string{m.Class, m.Ref}] = true
	}
	return w
}

func (w *written) write(m moment) {
	key := [2]string{m.Class, m.Ref}
	if m.Op == "del" {
		delete(w.objects, key)
		return
	}
	if w.objects[key] == nil {
		w.objects[key] = map[string]any{}
	}
	maps.Copy(w.objects[key], m.Fields)
}

// event is an event with its object as it is now, through the bytes of a reply.
func (w *written) event(t *testing.T, m moment) xen.Event {
	t.Helper()
	e := map[string]any{"id": "1", "timestamp": "0.0", "class": m.Class, "operation": m.Op, "ref": m.Ref}
	if m.Op != "del" {
		e["snapshot"] = w.objects[[2]string{m.Class, m.Ref}]
	}
	reply, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "result": []any{e}, "id": 1})
	if err != nil {
		t.Fatal(err)
	}
	var events []xen.Event
	if err := jsonrpc.DecodeReply(bytes.NewReader(reply), &events); err != nil || len(events) != 1 || events[0].Err != nil {
		t.Fatalf("%s: %v, %+v", reply, err, events)
	}
	return events[0]
}

// tape is a server that says what was recorded.
type tape struct {
	*recording
	t     *testing.T
	world *written
	at    int // of next or from
	wrote int // writes of next that have been carried out, for event.from
	id    int64
	over  bool
	done  chan struct{} // closed when all was said
}

func (p *tape) session(context.Context) (session, error) { return p, nil }
func (p *tape) invalidate(_ session, cause error)        { p.t.Errorf("the session was given up: %v", cause) }
func (p *tape) setMembers([]string)                      {}
func (p *tape) Epoch() uint64                            { return 1 }
func (p *tape) Master() xen.HostRef                      { return "h" }
func (p *tape) MasterAddress() string                    { return "10.77.0.11" }

func (p *tape) Do(_ context.Context, req xen.Request, into any) error {
	list, ok := into.(*xen.ObjectList)
	if !ok {
		return nil // event.register; event.get_current_id is 0, so that no event is waited for
	}
	class := req.Class()
	*list = xen.ObjectList{Class: class}
	for key := range p.world.objects {
		if key[0] == class.EventWord() {
			e := p.world.event(p.t, moment{Class: key[0], Ref: key[1], Op: "add"})
			list.Objects = append(list.Objects, xen.Object{Ref: e.Ref, Record: e.Snapshot})
		}
	}
	return nil
}

func (p *tape) NextEvents(ctx context.Context) (events []xen.Event, err error) {
	for reply := -1; p.at < len(p.next) && (reply < 0 || p.next[p.at].Reply == reply); p.at++ {
		m := p.next[p.at]
		reply = m.Reply
		p.world.write(m)
		events = append(events, p.world.event(p.t, m))
	}
	if len(events) == 0 {
		return nil, p.end(ctx)
	}
	return events, nil
}

// EventsFrom says which objects changed as it was recorded, and shows them as the writes up to then have made them. What
// was written after the last reply comes with one more.
func (p *tape) EventsFrom(ctx context.Context, _ []string, token string, wait time.Duration) (b xen.EventBatch, err error) {
	switch {
	case token == "":
		for key := range p.world.objects {
			b.Events = append(b.Events, p.world.event(p.t, moment{Class: key[0], Ref: key[1], Op: "add"}))
		}
	case wait == 0:
	case p.at < len(p.from):
		b.Events = p.reply()
	case !p.over:
		p.over = true
		b.Events = p.rest()
	default:
		return b, p.end(ctx)
	}
	p.id++
	b.Token = fmt.Sprintf("%020d,%020d", p.id, 0)
	b.ValidRefCounts = xen.Map[string, int64]{{Key: "pool", Value: 1}, {Key: "host", Value: 1}}
	if token != "" {
		b.ValidRefCounts = nil
	}
	return b, nil
}

func (p *tape) reply() (events []xen.Event) {
	first := p.from[p.at]
	for ; p.wrote < len(p.next) && p.next[p.wrote].At <= first.At; p.wrote++ {
		p.world.write(p.next[p.wrote])
	}
	for ; p.at < len(p.from) && p.from[p.at].Reply == first.Reply; p.at++ {
		m := p.from[p.at]
		key := [2]string{m.Class, m.Ref}
		if m.Op != "del" && p.world.objects[key] == nil {
			continue // the other observer heard of it later; the rest has it
		}
		p.world.told[key] = m.Op != "del"
		events = append(events, p.world.event(p.t, m))
	}
	return events
}

func (p *tape) rest() (events []xen.Event) {
	for ; p.wrote < len(p.next); p.wrote++ {
		p.world.write(p.next[p.wrote])
	}
	for key := range p.world.objects {
		events = append(events, p.world.event(p.t, moment{Class: key[0], Ref: key[1], Op: "mod"}))
	}
	for key, there := range p.world.told {
		if there && p.world.objects[key] == nil {
			events = append(events, p.world.event(p.t, moment{Class: key[0], Ref: key[1], Op: "del"}))
		}
	}
	return events
}

func (p *tape) end(ctx context.Context) error {
	close(p.done)
	<-ctx.Done()
	return ctx.Err()
}

func recordings(t *testing.T) map[string]*recording {
	t.Helper()
	f, err := os.Open("testdata/timelines.txtar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // was only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*recording{}
	for _, section := range txtar.Parse(text).Files {
		at := strings.LastIndexByte(section.Name, '.')
		name := section.Name[:at]
		if all[name] == nil {
			all[name] = &recording{}
		}
		moments := decodeMoments(t, section.Data)
		switch section.Name[at+1:] {
		case "before":
			all[name].before = moments
		case "next":
			all[name].next = moments
		case "from":
			all[name].from = moments
		}
	}
	if len(all) != 39 {
		t.Fatalf("%d recordings", len(all))
	}
	return all
}

func decodeMoments(t *testing.T, lines []byte) []moment {
	t.Helper()
	var all []moment
	for d := json.NewDecoder(bytes.NewReader(lines)); d.More(); {
		var m moment
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return slices.Clip(all)
}
