//go:build unix

package informer

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	wire "github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// fleet is the reply to VM.get_all_records of a diverse pool.
type fleet struct {
	body    string
	decoder *xmlrpc.Decoder
}

func newFleet(vms int) fleet {
	return fleet{wiretest.XMLReply(wiretest.XMLList(wiretest.Fleet(vms, true))), xmlrpc.NewDecoder(wire.Limits{})}
}

func (f fleet) list(tb testing.TB, memory *xen.Memory) xen.ObjectList {
	tb.Helper()
	list := xen.ObjectList{Class: xen.ClassVM, Memory: memory}
	if err := f.decoder.DecodeReply(strings.NewReader(f.body), &list); err != nil || len(list.Skipped) > 0 {
		tb.Fatal(err, list.Skipped)
	}
	return list
}

// BenchmarkCached is what 10,000 VMs of a diverse pool hold of memory: records, indexes, and what makes the next list
// cheap. Goal: 60 MB.
func BenchmarkCached(b *testing.B) {
	const vms = 10_000
	f := newFleet(vms)
	f.list(b, nil) // what the decoder remembers is there
	var held uint64
	for b.Loop() {
		before := inUse()
		memory, s := &xen.Memory{}, store.New()
		s.Apply(store.Batch{Replace: []xen.ObjectList{f.list(b, memory)}})
		held = inUse() - before
		runtime.KeepAlive(memory)
		runtime.KeepAlive(s)
	}
	b.ReportMetric(float64(held)/1e6, "MB-held")
	b.ReportMetric(float64(held)/vms, "B/VM")
}

// BenchmarkEvent is one event of a VM among 10,000 of a diverse pool, from a reply that is all there to a published
// snapshot: its two parts, each with everything warm.
func BenchmarkEvent(b *testing.B) {
	f := newFleet(10_000)
	s := store.New()
	s.Apply(store.Batch{Replace: []xen.ObjectList{f.list(b, nil)}})
	var replies []string
	var events []xen.Event
	for i, o := range wiretest.Fleet(1000, true) {
		vm := o.Record.(*xen.VM)
		vm.UserVersion = int64(i) + 10
		text := fmt.Sprintf("<value><array><data><value><struct><member><name>id</name><value>%d</value></member><member><name>timestamp</name><value>1787277623.</value></member>"+
			"<member><name>class</name><value>vm</value></member><member><name>operation</name><value>mod</value></member><member><name>ref</name><value>%s</value></member>"+
			"<member><name>snapshot</name>%s</member></struct></value></data></array></value>", i+1, o.Ref, wiretest.XML(vm))
		replies = append(replies, wiretest.XMLReply(text))
		events = append(events, xen.Event{Class: xen.ClassVM, Operation: xen.EventMod, Ref: o.Ref, Snapshot: vm})
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			var got []xen.Event
			if err := f.decoder.DecodeReply(strings.NewReader(replies[i%len(replies)]), &got); err != nil || len(got) != 1 {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(replies[0])))
	})
	b.Run("apply", func(b *testing.B) {
		b.ReportAllocs()
		i := newInformer(Config{Store: s}, nil)
		for n := 0; b.Loop(); n++ {
			vm := *events[n%len(events)].Snapshot.(*xen.VM)
			vm.UserVersion = int64(n) + 10_000
			e := events[n%len(events)]
			e.Snapshot = &vm
			i.publish(s.Apply(i.batches([]xen.Event{e})...))
		}
	})
}

// BenchmarkRelistUnchanged is a list of 10,000 VMs to which nothing has happened, down to the store. Goal: no change, and a
// third of the time of the first.
func BenchmarkRelistUnchanged(b *testing.B) {
	f := newFleet(10_000)
	memory, s := &xen.Memory{}, store.New()
	began := cpuTime(b)
	s.Apply(store.Batch{Replace: []xen.ObjectList{f.list(b, memory)}})
	first := cpuTime(b) - began
	b.ReportAllocs()
	began = cpuTime(b)
	for b.Loop() {
		if changes := s.Apply(store.Batch{Replace: []xen.ObjectList{f.list(b, memory)}}); len(changes) != 0 {
			b.Fatalf("%d changes", len(changes))
		}
	}
	again := (cpuTime(b) - began) / time.Duration(b.N)
	b.ReportMetric(float64(first)/1e6, "ms-first")
	b.ReportMetric(float64(again)/1e6, "cpu-ms/op")
}

// BenchmarkPause is the garbage collector's pauses beside a store of 100,000 VMs, each change of which is a newly decoded
// record. Goal: 1 ms at the 99th percentile.
func BenchmarkPause(b *testing.B) {
	const vms, times = 10_000, 10
	f := newFleet(vms)
	s := store.New()
	for n := range times {
		list := f.list(b, nil)
		for i := range list.Objects {
			list.Objects[i].Ref = fmt.Sprint(list.Objects[i].Ref, n)
		}
		s.Apply(store.Batch{Set: list.Objects})
	}
	if n := store.Len(s.Snapshot(), xen.ClassVM); n != vms*times {
		b.Fatalf("%d VMs", n)
	}
	before := pauses()
	for b.Loop() {
		list := f.list(b, nil)
		for i, o := range list.Objects {
			vm := o.Record.(*xen.VM)
			vm.MemoryTarget += int64(i) + 1
			s.Apply(store.Batch{Set: []xen.Object{{Ref: fmt.Sprint(o.Ref, i%times), Record: vm}}})
		}
		runtime.GC() // one more, so that there is one
	}
	b.ReportMetric(percentile(before, pauses(), 0.99)*1e3, "ms-pause-p99")
	b.ReportMetric(percentile(before, pauses(), 0.5)*1e3, "ms-pause-p50")
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func pauses() *metrics.Float64Histogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64Histogram()
}

// percentile is the upper end of the bucket below which a part of the pauses between two readings lies.
func percentile(before, after *metrics.Float64Histogram, part float64) float64 {
	var all uint64
	for i, n := range after.Counts {
		all += n - before.Counts[i]
	}
	var seen uint64
	for i, n := range after.Counts {
		if seen += n - before.Counts[i]; float64(seen) >= part*float64(all) {
			return after.Buckets[i+1]
		}
	}
	return 0
}

func cpuTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
