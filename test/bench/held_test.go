//go:build unix

package bench

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// BenchmarkHeld is what an informer holds of memory once it is in sync with a pool of 64 hosts and 10,000 VMs, which a
// simulator in another process serves: its client, the store with its indexes, and what makes the next list cheap. All
// classes, and those that a tool keeps that cares for VMs and where they run. The goal is about the VMs: 60 MB.
func BenchmarkHeld(b *testing.B) {
	p := start(b, served{Listen: "http://127.0.44.3:0", Hosts: 64, VMs: 10_000, Cores: 2})
	for name, classes := range map[string][]xen.Class{"all": nil, "VMs": {xen.ClassVM}} {
		for _, events := range []informer.Events{informer.EventsRegister, informer.EventsFrom} {
			b.Run(name+"/"+string(events), func(b *testing.B) {
				for b.Loop() {
					held(b, p.url, informer.Config{Classes: classes, Events: events})
				}
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// held brings an informer into sync and reports what it holds.
func held(b *testing.B, url string, cfg informer.Config) {
	before := heapInUse()
	client, err := connected(url, nil)
	if err != nil {
		b.Fatal(err)
	}
	cache := store.New()
	cfg.Client, cfg.Store, cfg.Pool = client, cache, "held"
	inf := informer.New(cfg)
	following, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- inf.Run(following) }()
	err = inf.WaitForSync(b.Context())
	after := heapInUse()
	objects := 0
	for _, class := range xen.Classes() {
		objects += store.Len(cache.Snapshot(), class)
	}
	cancel()
	if err := errors.Join(err, <-ended, client.Close(context.WithoutCancel(b.Context()))); err != nil {
		b.Fatal(err)
	}
	runtime.KeepAlive(inf)
	b.ReportMetric(float64(after-before)/1e6, "MB-held")
	b.ReportMetric(float64(objects), "objects")
}

// heapInUse is what is left of the heap after garbage, and buffers that wait for the next reply, were collected.
func heapInUse() int64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
