package record_test

import (
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// aBuffer is the largest window that a list is read in.
const aBuffer = 256 << 10

// TestNoReplyIsKeptWhileAListIsRead fails where a decoder keeps what it has read of a reply. Of so few VMs the first ones
// bring what all share, and weigh more; BenchmarkStreaming has the figure of a long list.
func TestNoReplyIsKeptWhileAListIsRead(t *testing.T) {
	both(t, func(t *testing.T, p protocol) {
		const vms = 2000
		body := p.list(wiretest.Fleet(vms, true))
		beside := besideRecords(t, p.decoder(record.Limits{}), body, vms)
		if reply := float64(len(body)) / aBuffer; beside > 2 || beside <= 0 {
			t.Errorf("%.2f buffers were held beside the records; the reply has %.0f", beside, reply)
		}
	})
}

// besideRecords is how much is held at the worst moment while a list is decoded, beside the records that are ready by
// then, in buffers. Garbage is collected at each look, so that only what is held counts. The records grow evenly from
// nothing to what the whole list takes, so a line through both tells what they take at each look; what the decoder holds
// for itself stands above that line.
func besideRecords(tb testing.TB, decode func(io.Reader, any) error, body string, vms int) float64 {
	tb.Helper()
	for range 3 { // what is worth remembering is remembered then
		if err := decode(strings.NewReader(body), newList()); err != nil {
			tb.Fatal(err)
		}
	}
	list := &xen.ObjectList{Class: xen.ClassVM, Objects: make([]xen.Object, 0, vms)}
	settle()
	before := heapInUse()
	w := &weighed{body: body}
	if err := decode(w, list); err != nil {
		tb.Fatal(err)
	}
	settle()
	records := heapInUse() - before
	runtime.KeepAlive(list)
	runtime.KeepAlive(decode) // with what it remembers
	worst := slices.MaxFunc(w.looks, func(a, b look) int {
		return int(a.beside(before, records, len(body)) - b.beside(before, records, len(body)))
	})
	runtime.KeepAlive(body)
	return worst.beside(before, records, len(body)) / aBuffer
}

// look is what was held when so much of the body had been read.
type look struct{ read, held int }

func (l look) beside(before, records, length int) float64 {
	return float64(l.held-before) - float64(records)*float64(l.read)/float64(length)
}

// weighed gives a body in pieces of 16 KiB, and looks at the heap forty times on the way.
type weighed struct {
	body  string
	read  int
	looks []look
}

func (w *weighed) Read(p []byte) (int, error) {
	if w.read == len(w.body) {
		return 0, io.EOF
	}
	const looks = 40
	if w.read*looks/len(w.body) >= len(w.looks) {
		w.looks = append(w.looks, look{w.read, heapInUse()})
	}
	n := copy(p[:min(len(p), 16<<10)], w.body[w.read:])
	w.read += n
	return n, nil
}

// heapInUse is what is held of the heap, in bytes, garbage collected.
func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// settle collects garbage, and the buffers that wait in pools for the next reply.
func settle() {
	for range 3 {
		runtime.GC()
	}
}
