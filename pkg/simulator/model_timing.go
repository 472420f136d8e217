package simulator

import (
	"math/rand/v2"
	"time"
)

// Span is a duration drawn evenly between two bounds; the zero value is no time at all.
type Span struct{ Min, Max time.Duration }

// draw picks a duration of the span.
func (s Span) draw(rng *rand.Rand) time.Duration {
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(rng.Int64N(int64(s.Max-s.Min)))
}

// Timing says how long things take. With the zero value every step is instantaneous; the order of events is the same.
type Timing struct {
	// Start is building a domain: VM.start, and the second half of a reboot.
	Start Span
	// GuestShutdown is how long a guest needs to stop when asked: clean_shutdown, clean_reboot.
	GuestShutdown Span
	// Destroy is taking a domain away: hard_shutdown, the end of clean_shutdown.
	Destroy Span
	// Pause is VM.pause and VM.unpause.
	Pause Span
	// Suspend and Resume are a fixed part beside the memory's (see MemoryRate).
	Suspend, Resume Span
	// Migrate is the fixed part of pool_migrate beside the memory's.
	Migrate Span
	// MemoryRate is how fast memory travels to another host or to the suspend image, in bytes a second; 0 is infinitely fast.
	MemoryRate int64
	// GuestAgent is the time from a start until the agent in the guest reports; 0: it reports before the start has ended.
	GuestAgent Span
	// ShutdownAck is how long a clean shutdown waits for a guest that does not answer. xapi: 60 s.
	ShutdownAck time.Duration
	// Workers is how many operations one host carries out at a time; others wait, marked as they are. 0 is any number.
	// xapi: 4.
	Workers int
	// Disk is making, cloning or copying a disk.
	Disk Span
	// Restart is how long xapi is away when it restarts, to take up another role for example.
	Restart Span
	// Hello is how long a starting member answers HOST_STILL_BOOTING once it has found its master.
	Hello Span
	// HostBoot is how long a machine takes from power on, or from the end of its shutdown, until its xapi starts.
	HostBoot Span
	// Contact is how long a call that needs a member waits for one that does not answer, until CANNOT_CONTACT_HOST.
	Contact Span
	// Designate is how long pool.designate_new_master takes until it is answered.
	Designate Span
}

// DemoTiming gives believable times for an onlooker's patience: a few seconds each.
func DemoTiming() Timing {
	return Timing{
		Start:         Span{time.Second, 3 * time.Second},
		GuestShutdown: Span{time.Second, 3 * time.Second},
		Destroy:       Span{300 * time.Millisecond, 600 * time.Millisecond},
		Pause:         Span{100 * time.Millisecond, 300 * time.Millisecond},
		Suspend:       Span{time.Second, 3 * time.Second},
		Resume:        Span{time.Second, 3 * time.Second},
		Migrate:       Span{2 * time.Second, 4 * time.Second},
		GuestAgent:    Span{2 * time.Second, 5 * time.Second},
		ShutdownAck:   10 * time.Second,
		Disk:          Span{300 * time.Millisecond, time.Second},
		Restart:       Span{3 * time.Second, 4 * time.Second},
		Hello:         Span{300 * time.Millisecond, 600 * time.Millisecond},
		Contact:       Span{10 * time.Second, 11 * time.Second},
		HostBoot:      Span{8 * time.Second, 12 * time.Second},
		Designate:     Span{time.Second, 2 * time.Second},
	}
}

// RealTiming gives the times of real servers, as far as they are known.
func RealTiming() Timing {
	return Timing{
		Start:         Span{4 * time.Second, 11 * time.Second},
		GuestShutdown: Span{5 * time.Second, 20 * time.Second},
		Destroy:       Span{time.Second, 3 * time.Second},
		Pause:         Span{100 * time.Millisecond, 500 * time.Millisecond},
		Suspend:       Span{2 * time.Second, 4 * time.Second},
		Resume:        Span{2 * time.Second, 4 * time.Second},
		Migrate:       Span{3 * time.Second, 5 * time.Second},
		MemoryRate:    400 << 20,
		Workers:       4,
		GuestAgent:    Span{15 * time.Second, 40 * time.Second},
		ShutdownAck:   time.Minute,
		Disk:          Span{500 * time.Millisecond, 3 * time.Second},
		Restart:       Span{20 * time.Second, 60 * time.Second},
		Hello:         Span{time.Second, 5 * time.Second},
		Contact:       Span{10 * time.Second, 11 * time.Second},
		HostBoot:      Span{3 * time.Minute, 8 * time.Minute},
		Designate:     Span{5 * time.Second, 10 * time.Second},
	}
}

// Faster is the model with everything that takes time done so many times as fast: 10 is a tenth of the time. What xapi
// itself waits for (heartbeats, event batching, collectors) stays.
func (m Model) Faster(times float64) Model {
	shorter := func(d *time.Duration) { *d = time.Duration(float64(*d) / times) }
	for _, s := range []*Span{
		&m.Timing.Start, &m.Timing.GuestShutdown, &m.Timing.Destroy, &m.Timing.Pause, &m.Timing.Suspend,
		&m.Timing.Resume, &m.Timing.Migrate, &m.Timing.GuestAgent, &m.Timing.Disk,
		&m.Timing.Restart, &m.Timing.Hello, &m.Timing.HostBoot, &m.Timing.Designate,
	} {
		shorter(&s.Min)
		shorter(&s.Max)
	}
	for _, d := range []*time.Duration{&m.Timing.ShutdownAck, &m.Boot, &m.BadPassword} {
		shorter(d)
	}
	m.Timing.MemoryRate = int64(float64(m.Timing.MemoryRate) * times)
	return m
}

// memory is how long so many bytes travel.
func (t Timing) memory(bytes int64) time.Duration {
	if t.MemoryRate <= 0 {
		return 0
	}
	return time.Duration(float64(bytes) / float64(t.MemoryRate) * float64(time.Second))
}
