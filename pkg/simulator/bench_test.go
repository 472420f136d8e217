package simulator

import (
	"fmt"
	"testing"
)

// benchCall makes one call again and again over an in-memory connection, the client's reading included.
func benchCall(b *testing.B, m Model, method string, params func(p *Pool, w *wire) []any) {
	p := Start(b, m)
	w := login1(b, p)
	body := callText(method, append([]any{w.session}, params(p, w)...)...)
	request := fmt.Appendf(nil, "POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.conn.Write(request); err != nil {
			b.Fatal(err)
		}
		_, reply, err := readRaw(w.in)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(reply)))
	}
}

func BenchmarkGetPowerState(b *testing.B) {
	benchCall(b, Model{}, "VM.get_power_state", func(p *Pool, _ *wire) []any { return []any{vmNamed(p, "web-1")} })
}

func BenchmarkGetRecord(b *testing.B) {
	benchCall(b, Model{}, "VM.get_record", func(p *Pool, _ *wire) []any { return []any{vmNamed(p, "web-1")} })
}

func BenchmarkGetAllRecords(b *testing.B) {
	benchCall(b, Model{VMs: 2000}, "VM.get_all_records", func(*Pool, *wire) []any { return nil })
}

// BenchmarkWrite is one field written while a subscriber wants it, without the reading.
func BenchmarkWrite(b *testing.B) {
	p := Start(b, Model{})
	w := login1(b, p)
	w.must("event.register", setOf("*"))
	vm := vmNamed(p, "web-1")
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i++
		write(p, func(t *tx) { t.set("VM", vm, "user_version", int64(i)) })
	}
}

// BenchmarkAssembleAllRecords is the server's own work for a list of 2,000 VMs whose records have been encoded before.
func BenchmarkAssembleAllRecords(b *testing.B) {
	p := Start(b, Model{VMs: 2000})
	w := login1(b, p)
	rq := request{method: "VM.get_all_records", params: []any{w.session}}
	out := writeXML(nil, p.dispatch(p.members[0], rq))
	b.ReportAllocs()
	for b.Loop() {
		out = writeXML(out[:0], p.dispatch(p.members[0], rq))
		b.SetBytes(int64(len(out)))
	}
}
