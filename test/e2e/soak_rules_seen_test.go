package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheWitnessSeesEachRuleBroken tells it what must not happen, after the same beginning each time: a session that has
// listed the VMs a minute later than they came to be as they are, while batch-1 is being started by us.
func TestTheWitnessSeesEachRuleBroken(t *testing.T) {
	const beginning = `
		0s life xen-1
		0s add VM web-1 {"name_label":"web-1","uuid":"u-web-1","power_state":"Halted"}
		0s add VM db-1 {"name_label":"db-1","uuid":"u-db-1","power_state":"Running"}
		0s add VM other {"name_label":"other","uuid":"u-other","power_state":"Running"}
		0s add task theirs {"name_label":"Async.VM.start","status":"success"}
		30s add task ours {"name_label":"Async.VM.start","status":"pending","other_config":{"http:xencontroller-owner":"o","http:xencontroller-vm":"u-batch-1","http:xencontroller-operation":"1"}}
		50s add session s {"originator":"xencontroller"}
		60s call 1 VM.get_all_records s
		61s reply 1 VM.get_all_records s`
	for _, c := range []struct{ name, then, want string }{
		{"all is well", "62s call 2 Async.VM.start s web-1", ""},
		{"news that is too fresh", "62s mod VM web-1 {\"name_label\":\"web-1\",\"power_state\":\"Running\"}\n63s call 2 Async.VM.start s web-1", ""},
		{"somebody else's call", "62s call 2 VM.destroy theirs other", ""},
		{"a VM that nobody declares", "62s call 2 Async.VM.hard_shutdown s other", "rule 1"},
		{"a VM that there is not", "62s call 2 Async.VM.start s nobody", "rule 1"},
		{"one is at work", "62s add VM batch-1 {\"name_label\":\"batch-1\",\"uuid\":\"u-batch-1\",\"power_state\":\"Halted\"}\n63s call 2 Async.VM.start s batch-1", "rule 2"},
		{"it is so", "62s call 2 Async.VM.start s db-1", "rule 3"},
		{"it was so when events last came", "62s mod VM web-1 {\"name_label\":\"web-1\",\"power_state\":\"Running\"}\n80s reply 3 event.next s\n81s call 4 Async.VM.start s web-1", "rule 3"},
		{"sent twice", `62s add task again {"name_label":"Async.VM.start","status":"pending","other_config":{"http:xencontroller-operation":"1"}}`, "rule 3"},
		{"destroyed while it runs", "62s call 2 task.destroy s ours", "rule 4"},
		{"somebody else's task destroyed", "62s call 2 task.destroy s theirs", "rule 4"},
		{"a task left", "62s mod task ours {\"name_label\":\"Async.VM.start\",\"status\":\"failure\",\"other_config\":{\"http:xencontroller-owner\":\"o\"}}\n80s reply 3 event.next s", "rule 4"},
		{"too many sessions", strings.Repeat("62s add session s% {\"originator\":\"xencontroller\"}\n", handful), "rule 5"},
		{"not listed", "62s add session n {\"originator\":\"xencontroller\"}\n63s call 2 Async.VM.start n web-1", "rule 7"},
		{"no call of ours", "62s call 2 VM.destroy s web-1", "rule 12"},
	} {
		path := filepath.Join(t.TempDir(), "history")
		if err := os.WriteFile(path, told(t, beginning+"\n"+c.then), 0o600); err != nil {
			t.Fatal(err)
		}
		w := newWitness(t, path, func(name string) bool { return name == "other" })
		w.read()
		got := strings.Join(w.breaches, "\n")
		if (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) || len(w.breaches) > 1 {
			t.Errorf("%s: it sees %q, want %q", c.name, got, c.want)
		}
	}
}

// told is a history from a shorter way to write it.
func told(t *testing.T, story string) []byte {
	t.Helper()
	var b strings.Builder
	for i, text := range strings.Split(strings.TrimSpace(story), "\n") {
		words := strings.SplitN(strings.ReplaceAll(strings.TrimSpace(text), "%", string(rune('a'+i%26))), " ", 5)
		if len(words) < 3 {
			continue
		}
		after, err := time.ParseDuration(words[0])
		if err != nil {
			t.Fatal(err)
		}
		line := map[string]any{"at": time.Unix(0, 0).Add(after), "kind": words[1], "host": "xen-1"}
		switch words[1] {
		case "call", "reply":
			line["call"], line["method"], line["answered"] = json.Number(words[2]), words[3], words[1] == "reply"
			rest := strings.Fields(words[4])
			line["session"], line["objects"] = rest[0], rest[1:]
		case "add", "mod":
			line["class"], line["ref"], line["fields"] = words[2], words[3], json.RawMessage(words[4])
		}
		written, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(written, '\n'))
	}
	return []byte(b.String())
}
