package simulator

import "testing"

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
