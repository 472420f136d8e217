package simulator

import (
	"regexp"
	"testing"
)

// answersCode finds the code of an error.
var answersCode = regexp.MustCompile(`\b[A-Z]{2,}(_[A-Z0-9]+)*\b`)

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
		"VM.set_NVRAM": Stored, "Bond.create": Played, "Cluster.destroy": Refused, "VM.migrate_send": Played, "VBD.get_all_records": Played, "VBD_metrics.get_all_records": Refused,
		"event.from": Played, "host.evacuate": Played,
	} {
		if level[message] != want {
			t.Errorf("%s is %q, want %q", message, level[message], want)
		}
	}
	for _, r := range rows {
		if r.Level == Refused && !answersCode.MatchString(r.Note) {
			t.Errorf("%s: the note %q does not say what it answers", r.Message, r.Note)
		}
	}
}
