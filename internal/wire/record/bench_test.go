//go:build unix

package record_test

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	kolo "github.com/kolo/xmlrpc"

	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// cpu is the processor time that this process has used. Others use the machine too, so the clock says little.
func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // cannot fail for oneself
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// contestant is one way to decode a list; best is its least processor time for one VM so far.
type contestant struct {
	vms  int
	run  func()
	best time.Duration
}

// round runs each contestant once: what slows the machine down slows all of them.
func round(contestants map[string]*contestant) {
	for _, c := range contestants {
		runtime.GC()
		start := cpu()
		c.run()
		if took := (cpu() - start) / time.Duration(c.vms); c.best == 0 || took < c.best {
			c.best = took
		}
	}
}

const (
	benchVMs = 2000
	slowVMs  = 200 // for those that take a second for all
	rounds   = 30
)

// BenchmarkRatios decodes VM.get_all_records with everything that we compare with, in turns, and reports how many times
// faster we are (×…), and what a record costs. The diverse pool is the one that counts.
func BenchmarkRatios(b *testing.B) {
	for _, diverse := range []bool{true, false} {
		name := map[bool]string{true: "diverse", false: "uniform"}[diverse]
		b.Run(name, func(b *testing.B) {
			c := contest(b, diverse)
			for b.Loop() {
				for range rounds {
					round(c)
				}
			}
			b.ReportMetric(0, "ns/op")
			ratio := func(slow, fast string) float64 { return float64(c[slow].best) / float64(c[fast].best) }
			b.ReportMetric(ratio("kolo to a struct", "xml"), "×kolo")
			b.ReportMetric(ratio("kolo to any", "xml"), "×kolo-any")
			b.ReportMetric(ratio("encoding/json", "xml"), "×json-v1(xml)")
			b.ReportMetric(ratio("encoding/json", "json"), "×json-v1(json)")
			b.ReportMetric(ratio("walk", "xml"), "×memchr")
			b.ReportMetric(ratio("xml", "xml again"), "×again(xml)")
			b.ReportMetric(ratio("json", "json again"), "×again(json)")
			b.ReportMetric(float64(c["xml"].best.Nanoseconds())/1000, "µs/VM(xml)")
			b.ReportMetric(float64(c["json"].best.Nanoseconds())/1000, "µs/VM(json)")
			for _, p := range protocols() {
				allocs, retained := cost(b, p, diverse)
				b.ReportMetric(allocs, "allocs/VM("+p.name+")")
				b.ReportMetric(retained, "retained-B/VM("+p.name+")")
			}
		})
	}
}

// BenchmarkDecode decodes VM.get_all_records of a diverse pool, and the same list once more, for profiles.
func BenchmarkDecode(b *testing.B) {
	for _, p := range protocols() {
		body, decode := p.list(wiretest.Fleet(benchVMs, true)), p.decoder(record.Limits{})
		for name, memory := range map[string]*xen.Memory{p.name: nil, p.name + "-again": new(xen.Memory)} {
			b.Run(name, func(b *testing.B) {
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					list := xen.ObjectList{Class: xen.ClassVM, Memory: memory}
					if err := decode(strings.NewReader(body), &list); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// contest makes all contestants.
func contest(b *testing.B, diverse bool) map[string]*contestant {
	fleet := wiretest.Fleet(benchVMs, diverse)
	c := map[string]*contestant{}
	for _, p := range protocols() {
		body, decode := p.list(fleet), p.decoder(record.Limits{})
		list := func(memory *xen.Memory) func() {
			return func() {
				list := xen.ObjectList{Class: xen.ClassVM, Memory: memory}
				if err := decode(strings.NewReader(body), &list); err != nil || len(list.Objects) != benchVMs {
					b.Fatal(len(list.Objects), err)
				}
			}
		}
		c[p.name] = &contestant{vms: benchVMs, run: list(nil)}
		c[p.name+" again"] = &contestant{vms: benchVMs, run: list(new(xen.Memory))}
	}
	asXML, asJSON := wiretest.XMLReply(wiretest.XMLList(fleet)), wiretest.JSONReply(wiretest.JSONList(fleet[:slowVMs]))
	c["walk"] = &contestant{vms: benchVMs, run: walk([]byte(asXML))}
	forKolo := wrapped(wiretest.XMLReply(wiretest.XMLList(fleet[:slowVMs])))
	vm := plainVM()
	c["kolo to a struct"] = &contestant{vms: slowVMs, run: func() { withKolo(b, forKolo, reflect.MapOf(reflect.TypeFor[string](), vm)) }}
	c["kolo to any"] = &contestant{vms: slowVMs, run: func() { withKolo(b, forKolo, reflect.TypeFor[map[string]any]()) }}
	c["encoding/json"] = &contestant{vms: slowVMs, run: func() { withStandardJSON(b, []byte(asJSON), vm) }}
	return c
}

// walk is the yardstick of the machine: jump to every tag with memchr, and do nothing there.
func walk(body []byte) func() {
	return func() {
		for rest := body; ; {
			i := bytes.IndexByte(rest, '<')
			if i < 0 {
				return
			}
			rest = rest[i+1:]
		}
	}
}

// plainVM is the record of a VM as the other decoders can fill it: Go maps for maps. Integers are text, because xapi
// writes them without a type, of which kolo makes texts.
func plainVM() reflect.Type {
	vm := reflect.TypeFor[xen.VM]()
	fields := make([]reflect.StructField, vm.NumField())
	for i := range fields {
		f := vm.Field(i)
		name := f.Tag.Get("json")
		fields[i] = reflect.StructField{Name: f.Name, Type: plainType(f.Type), Tag: reflect.StructTag(`json:"` + name + `" xmlrpc:"` + name + `"`)}
	}
	return reflect.StructOf(fields)
}

func plainType(t reflect.Type) reflect.Type {
	switch {
	case t.Kind() == reflect.Int64:
		return reflect.TypeFor[json.Number]()
	case t == reflect.TypeFor[time.Time]():
		return reflect.TypeFor[any]()
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return reflect.TypeFor[map[string]string]()
	case t.Kind() == reflect.Slice:
		return reflect.TypeFor[[]string]()
	case t.Kind() == reflect.String:
		return reflect.TypeFor[string]()
	}
	return t
}

// wrapped is a document with every bare text in <string>, which is the only form that kolo's decoder can read without
// losing values.
func wrapped(body string) []byte {
	bare := regexp.MustCompile(`<value>([^<]*)</value>`)
	return bare.ReplaceAll([]byte(body), []byte("<value><string>$1</string></value>"))
}

func withKolo(b *testing.B, body []byte, list reflect.Type) {
	reply := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Status", Type: reflect.TypeFor[string](), Tag: `xmlrpc:"Status"`}, {Name: "Value", Type: list, Tag: `xmlrpc:"Value"`},
	}))
	if err := kolo.Response(body).Unmarshal(reply.Interface()); err != nil || reply.Elem().Field(1).Len() != slowVMs {
		b.Fatal(reply.Elem().Field(1).Len(), err)
	}
}

func withStandardJSON(b *testing.B, body []byte, vm reflect.Type) {
	reply := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Result", Type: reflect.MapOf(reflect.TypeFor[string](), reflect.PointerTo(vm)), Tag: `json:"result"`},
	}))
	if err := json.Unmarshal(body, reply.Interface()); err != nil || reply.Elem().Field(0).Len() != slowVMs {
		b.Fatal(reply.Elem().Field(0).Len(), err)
	}
}

// cost is what a record takes: allocations while a list is decoded, and bytes while it is kept.
func cost(b *testing.B, p protocol, diverse bool) (allocs, retained float64) {
	body, decode := p.list(wiretest.Fleet(benchVMs, diverse)), p.decoder(record.Limits{})
	var before, decoded, kept runtime.MemStats
	for range 2 { // the first one fills what is remembered
		list := xen.ObjectList{Class: xen.ClassVM}
		settle()
		runtime.ReadMemStats(&before)
		if err := decode(strings.NewReader(body), &list); err != nil {
			b.Fatal(err)
		}
		runtime.ReadMemStats(&decoded)
		settle()
		runtime.ReadMemStats(&kept)
		runtime.KeepAlive(list)
	}
	runtime.KeepAlive(body)
	return float64(decoded.Mallocs-before.Mallocs) / benchVMs, (float64(kept.HeapAlloc) - float64(before.HeapAlloc)) / benchVMs
}

// BenchmarkStreaming lists 10,000 VMs that arrive in pieces of 16 KiB, and reports how long after the last of them all
// records are ready, and how much more than the records read so far is held at the worst moment, in buffers of 256 KiB.
func BenchmarkStreaming(b *testing.B) {
	for _, p := range protocols() {
		b.Run(p.name, func(b *testing.B) {
			body := p.list(wiretest.Fleet(10_000, true))
			decode := p.decoder(record.Limits{})
			tail, beside := time.Hour, 0.0
			for b.Loop() {
				w := &watched{rest: body}
				if err := decode(w, newList()); err != nil {
					b.Fatal(err)
				}
				tail = min(tail, time.Since(w.last))
				beside = besideRecords(b, decode, body, 10_000)
			}
			b.SetBytes(int64(len(body)))
			b.ReportMetric(float64(tail.Microseconds()), "µs-tail")
			b.ReportMetric(beside, "buffers-beside-records")
		})
	}
}

// watched gives a body in pieces of 16 KiB, and notes when the last of them went.
type watched struct {
	rest string
	last time.Time
}

func (w *watched) Read(p []byte) (int, error) {
	if w.rest == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 16<<10)], w.rest)
	w.rest = w.rest[n:]
	if w.rest == "" {
		w.last = time.Now()
	}
	return n, nil
}
