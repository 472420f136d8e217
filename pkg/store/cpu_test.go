//go:build unix

package store_test

import (
	"syscall"
	"testing"
	"time"
)

// reportCPU adds the processor time of an operation, all threads and the garbage collector included: unlike the time on the
// clock it means something on a machine that has other work as well. Call it right before the loop, and what it returns
// right after.
func reportCPU(b *testing.B) (report func()) {
	began := cpuTime(b)
	return func() { b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N), "cpu-ns/op") }
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
