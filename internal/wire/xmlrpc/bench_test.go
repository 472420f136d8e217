package xmlrpc

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kolo/xmlrpc"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// fleet is VM.get_all_records of many VMs: the records of a real pool again and again, each with references, names
// and numbers of its own.
func fleet(tb testing.TB, vms int) string {
	body := recording(tb, "testdata/xapi/VM.get_all_records.xml")
	start := strings.Index(body, "<member><name>OpaqueRef:")
	end := strings.LastIndex(body, "</struct></value></member></struct></value></param>")
	records := strings.SplitAfter(body[start:end], "</struct></value></member><member><name>OpaqueRef:")
	var one []string
	for i, r := range records { // each cut behind the name of the next: move that back
		r = strings.TrimSuffix(r, "<member><name>OpaqueRef:")
		if i > 0 {
			r = "<member><name>OpaqueRef:" + r
		}
		one = append(one, r)
	}
	ids := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	var b strings.Builder
	b.WriteString(body[:start])
	for i := range vms {
		n := 0
		b.WriteString(ids.ReplaceAllStringFunc(one[i%len(one)], func(string) string {
			n++
			return fmt.Sprintf("%08x-0000-4000-8000-%012x", i, n)
		}))
	}
	b.WriteString(body[end:])
	return b.String()
}

// wrapped is a document with every bare text in <string>, which is the only form that kolo's decoder can read without
// losing values.
func wrapped(body string) []byte {
	bare := regexp.MustCompile(`<value>([^<]*)</value>`)
	return bare.ReplaceAll([]byte(body), []byte("<value><string>$1</string></value>"))
}

// koloReply is the reply as kolo can read it.
type koloReply struct {
	Status string         `xmlrpc:"Status"`
	Value  map[string]any `xmlrpc:"Value"`
}

const benchVMs = 2000

func BenchmarkDecodeVMs(b *testing.B) {
	body := fleet(b, benchVMs)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		list := xen.ObjectList{Class: xen.ClassVM}
		if err := DecodeReply(strings.NewReader(body), &list); err != nil || len(list.Objects) != benchVMs {
			b.Fatal(len(list.Objects), err)
		}
	}
}

// BenchmarkWalk is the yardstick of the machine: jump to every tag with memchr, and do nothing there.
func BenchmarkWalk(b *testing.B) {
	body := []byte(fleet(b, benchVMs))
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		tags := 0
		for rest := body; ; tags++ {
			i := bytes.IndexByte(rest, '<')
			if i < 0 {
				break
			}
			rest = rest[i+1:]
		}
		if tags == 0 {
			b.Fatal("no tags")
		}
	}
}

// BenchmarkDecodeVMsAgainstKolo decodes the same list with both in turn, and reports how many times faster ours is.
func BenchmarkDecodeVMsAgainstKolo(b *testing.B) {
	body := fleet(b, benchVMs)
	forKolo := wrapped(body)
	ours, theirs := time.Hour, time.Hour // the best of all rounds: others use the machine too
	for b.Loop() {
		start := time.Now()
		list := xen.ObjectList{Class: xen.ClassVM}
		if err := DecodeReply(strings.NewReader(body), &list); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		var reply koloReply
		if err := xmlrpc.Response(forKolo).Unmarshal(&reply); err != nil || len(reply.Value) != benchVMs {
			b.Fatal(len(reply.Value), err)
		}
		ours, theirs = min(ours, middle.Sub(start)), min(theirs, time.Since(middle))
	}
	b.ReportMetric(float64(theirs)/float64(ours), "×kolo")
}
