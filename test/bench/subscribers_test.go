//go:build unix

package bench

import (
	"bytes"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// changesPerSecond is how busy the pool of BenchmarkSubscribers is.
const changesPerSecond = 500

// BenchmarkSubscribers is a pool of 1,000 VMs that changes 500 times a second and tells 100 subscribers: the lag is from
// sending the call that changes a VM until a subscriber has read its event, and holds what xapi itself waits for:
// event.from 50 ms, event.next nothing before xapi 25.5.
func BenchmarkSubscribers(b *testing.B) {
	p := start(b, served{Listen: "http://127.0.43.1:0", Hosts: 3, VMs: 1000, Cores: 1})
	b.Run("next", func(b *testing.B) { p.subscribe(b, byNext) })
	b.Run("from", func(b *testing.B) { p.subscribe(b, byFrom) })
}

// subscriber asks for the next events of VMs on a connection of its own; the first call gives what to ask with.
type subscriber func(session, token string) (request []byte)

func byNext(session, _ string) []byte { return xml("event.next", session) }

func byFrom(session, token string) []byte {
	return xml("event.from", session, "<array><data><value>vm</value></data></array>", token, "<double>30</double>")
}

// lags are what all subscribers saw.
type lags struct {
	mu   sync.Mutex
	base int         // the number that was written before
	sent []time.Time // by the number that a change wrote, from base on
	took []time.Duration
	told sync.WaitGroup
}

func (p *process) subscribe(b *testing.B, ask subscriber) {
	const subscribers = 100
	writer := connect(b, p.url)
	session := writer.login(b, "writer")
	vm := writer.text(b, "VM.get_by_name_label", session, "app-1")
	base, err := strconv.Atoi(writer.text(b, "VM.get_user_version", session, vm))
	if err != nil {
		b.Fatal(err)
	}
	base++
	l := &lags{base: base, sent: []time.Time{time.Now()}}
	var ready, ended sync.WaitGroup
	var connections []*connection
	for range subscribers {
		c := connect(b, p.url)
		connections = append(connections, c)
		mine := c.login(b, "subscriber")
		if _, err := c.call(xml("event.register", mine, "<array><data><value>vm</value></data></array>"), nil); err != nil {
			b.Fatal(err)
		}
		ready.Add(1)
		ended.Go(func() { l.follow(c, mine, ask, ready.Done) })
	}
	writer.set(b, session, vm, base)
	ready.Wait()
	before := p.usage(b, false).CPU
	tick := time.NewTicker(time.Second / changesPerSecond)
	defer tick.Stop()
	for b.Loop() {
		<-tick.C
		l.told.Add(subscribers)
		l.mu.Lock()
		l.sent = append(l.sent, time.Now())
		n := base + len(l.sent) - 1
		l.mu.Unlock()
		writer.set(b, session, vm, n)
	}
	l.told.Wait()
	took := b.Elapsed()
	cpu := p.usage(b, false).CPU - before
	for _, c := range connections {
		_ = c.conn.Close() // which ends its subscriber
	}
	ended.Wait()
	slices.Sort(l.took)
	at := func(share float64) float64 {
		return float64(l.took[int(share*float64(len(l.took)-1))]) / float64(time.Millisecond)
	}
	b.ReportMetric(at(0.5), "ms-lag-p50")
	b.ReportMetric(at(0.99), "ms-lag-p99")
	b.ReportMetric(at(1), "ms-lag-max")
	b.ReportMetric(100*cpu.Seconds()/took.Seconds(), "%-server-core")
	b.ReportMetric(float64(len(l.took))/took.Seconds(), "events/s")
}

// set writes a number into a field of a VM.
func (c *connection) set(b *testing.B, session, vm string, n int) {
	if _, err := c.call(xml("VM.set_user_version", session, vm, strconv.Itoa(n)), nil); err != nil {
		b.Fatal(err)
	}
}

// follow reads events until the connection ends. Each change is in one event, at least in a newer one's.
func (l *lags) follow(c *connection, session string, ask subscriber, ready func()) {
	token, seen := "", l.base
	var body []byte
	once := sync.OnceFunc(ready)
	for {
		body = body[:0]
		if _, err := c.call(ask(session, token), func(piece []byte) { body = append(body, piece...) }); err != nil {
			return // the end of the benchmark
		}
		if found, ok := after(body, "<name>token</name><value>"); ok {
			token = found
		}
		newest := newestIn(body)
		once()
		l.mu.Lock()
		now := time.Now()
		for ; seen < newest; seen++ {
			l.took = append(l.took, now.Sub(l.sent[seen+1-l.base]))
			l.told.Done()
		}
		l.mu.Unlock()
	}
}

// newestIn is the highest number that a VM of a reply has, 0 if there is none.
func newestIn(body []byte) int {
	newest := 0
	for {
		at := bytes.Index(body, []byte("<name>user_version</name>"))
		if at < 0 {
			return newest
		}
		body = body[at:]
		if text, ok := after(body, "<value>"); ok {
			n, _ := strconv.Atoi(text)
			newest = max(newest, n)
		}
		body = body[1:]
	}
}

// after is the text between a mark and the next tag.
func after(body []byte, mark string) (string, bool) {
	_, rest, ok := bytes.Cut(body, []byte(mark))
	if !ok {
		return "", false
	}
	text, _, _ := bytes.Cut(rest, []byte("<"))
	return string(text), true
}
