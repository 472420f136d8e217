//go:build unix

package bench

import (
	"testing"
	"time"
)

// BenchmarkFleet is a pool of 64 hosts and 10,000 VMs: how long until it answers, and how much memory it then holds, with
// every record of every class read once in both protocols.
func BenchmarkFleet(b *testing.B) {
	var begun time.Time
	var ready time.Duration
	var idle, read usage
	for b.Loop() {
		begun = time.Now()
		p := start(b, served{Listen: "http://127.0.44.1:0", Hosts: 64, VMs: 10_000, Cores: 1})
		ready = time.Since(begun)
		idle = p.usage(b, true)
		c := connect(b, p.url)
		session := c.login(b, "bench")
		for _, class := range []string{"VM", "VBD", "VIF", "VDI", "VM_metrics", "VM_guest_metrics", "host", "host_metrics", "network", "PIF", "SR", "PBD"} {
			for _, request := range [][]byte{xml(class+".get_all_records", session), json2(class+".get_all_records", session)} {
				if _, err := c.call(request, nil); err != nil {
					b.Fatal(err)
				}
			}
		}
		read = p.usage(b, true)
		p.end(b)
	}
	const mega = 1e6
	b.ReportMetric(ready.Seconds(), "s-until-ready")
	b.ReportMetric(float64(idle.Resident)/mega, "MB-resident")
	b.ReportMetric(float64(read.Resident)/mega, "MB-resident-all-read")
	b.ReportMetric(float64(read.Peak)/mega, "MB-peak")
}
