//go:build unix

package bench

import (
	"sync"
	"testing"
	"time"
)

// BenchmarkCalls is one getter on connections that stay open, against a simulator with one core in another process. The
// server's own time for a call, server-µs/call, is what a busy machine does not change.
func BenchmarkCalls(b *testing.B) {
	p := start(b, served{Listen: "http://127.0.41.1:0", Hosts: 3, VMs: 20, Cores: 1})
	c := connect(b, p.url)
	session := c.login(b, "bench")
	vm := c.text(b, "VM.get_by_name_label", session, "web-1")
	for name, request := range map[string][]byte{
		"XML": xml("VM.get_power_state", session, vm), "JSON": json2("VM.get_power_state", session, vm),
	} {
		b.Run(name, func(b *testing.B) { p.measure(b, request, 8) })
	}
}

// BenchmarkLists is VM.get_all_records of 2,000 VMs, as BenchmarkCalls.
func BenchmarkLists(b *testing.B) {
	p := start(b, served{Listen: "http://127.0.42.1:0", Hosts: 3, VMs: 2000, Cores: 1})
	session := connect(b, p.url).login(b, "bench")
	for name, request := range map[string][]byte{"XML": xml("VM.get_all_records", session), "JSON": json2("VM.get_all_records", session)} {
		b.Run(name, func(b *testing.B) { p.measure(b, request, 1) })
	}
}

// measure makes a call again and again on so many connections at once.
func (p *process) measure(b *testing.B, request []byte, connections int) {
	clients := make([]*connection, connections)
	size := 0
	for i := range clients {
		clients[i] = connect(b, p.url)
		n, err := clients[i].call(request, nil)
		if err != nil {
			b.Fatal(err)
		}
		size = n
	}
	b.SetBytes(int64(size))
	before := p.usage(b, false).CPU
	b.ResetTimer()
	var all sync.WaitGroup
	for i, c := range clients {
		share := b.N / connections
		if i < b.N%connections {
			share++
		}
		all.Go(func() {
			for range share {
				if _, err := c.call(request, nil); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	took := b.Elapsed()
	cpu := p.usage(b, false).CPU - before
	b.ReportMetric(float64(b.N)/took.Seconds(), "calls/s")
	b.ReportMetric(float64(cpu)/float64(time.Microsecond)/float64(b.N), "server-µs/call")
	b.ReportMetric(float64(size)*float64(b.N)/1e6/cpu.Seconds(), "MB/server-s")
}
