package simulator

import (
	"strings"
	"testing"
)

// TestCoverage: the list has every message, and says the truth about those that it calls refused.
func TestCoverage(t *testing.T) {
	rows, err := Coverage()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2007 {
		t.Errorf("%d messages, want 2007", len(rows))
	}
	level := map[string]Level{}
	count := map[Level]int{}
	for _, r := range rows {
		level[r.Message] = r.Level
		count[r.Level]++
	}
	t.Logf("%v", count)
	for message, want := range map[string]Level{
		"VM.start": Played, "VM.get_record": Played, "VM.set_name_label": Played, "VM.set_blocked_operations": Played,
		"VM.set_NVRAM": Stored, "VM.migrate_send": Played, "VBD.get_all_records": Played, "VBD_metrics.get_all_records": Refused,
		"event.from": Played, "host.evacuate": Played,
	} {
		if level[message] != want {
			t.Errorf("%s is %q, want %q", message, level[message], want)
		}
	}
	p := Start(t, Model{VMs: -1, Version: "26"})
	for _, r := range rows {
		if r.Level != Refused {
			continue
		}
		m := p.schema.calls[r.Message]
		if b := p.behaviourOf(m); b != nil && !m.Removed() {
			t.Errorf("%s is called refused and has a behaviour", r.Message)
		}
		if !m.Removed() && !strings.Contains(r.Note, "NOT_IMPLEMENTED") {
			t.Errorf("%s: the note %q does not say what it answers", r.Message, r.Note)
		}
	}
}
