package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/internal/golden"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestTimelines plays each recorded call in a pool like the recorded one and compares every event: which object, which
// field, which value, in which order. What differs, and may, stands in the archive's last section: "-" is only in the
// recording, "+" only here.
func TestTimelines(t *testing.T) {
	golden.Walk(t, "testdata/timelines/*.txtar", func(t *testing.T, ar *golden.Archive) {
		recorded := strings.Split(strings.TrimSpace(string(ar.Section("events"))), "\n")
		call := strings.Fields(string(ar.Section("call")))
		synctest.Test(t, func(t *testing.T) {
			p := Start(t, timelineModel)
			prepareTimeline(t, p, strings.TrimSuffix(strings.TrimPrefix(t.Name(), "TestTimelines/"), ".txtar"))
			time.Sleep(2 * time.Second) // so that a later time is another one, in whole seconds
			w := watch(t, p)
			w.run(call)
			ar.Want(t, "differs", difference(recorded, w.lines(call[0])))
			net := strings.FieldsFunc(string(ar.Section("from")), func(c rune) bool { return c == '\n' })
			ar.Want(t, "from differs", difference(net, w.netLines()))
		})
	})
}

var timelineModel = Model{VMs: -1, Timing: Timing{Start: Span{Min: time.Second}, GuestShutdown: Span{Min: time.Second}}}

// prepareTimeline brings the pool into the state that the call was recorded in.
func prepareTimeline(t *testing.T, p *Pool, name string) {
	t.Helper()
	do := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	spec := VMSpec{Name: "web", Memory: 3 * gib, VCPUs: 1, PowerState: xen.Running, Host: "xen-2"}
	if name == "start-no-host" {
		spec = VMSpec{Name: "web", Memory: 512 * gib, VCPUs: 1, Diskless: true}
	}
	recordedStorage(p)
	switch name {
	case "provision":
		spec = VMSpec{Name: "web", Template: true}
	case "start-synchronous": // on the coordinator
		spec.Host = "xen-1"
		do(p.DisableHost("xen-2"))
		do(p.DisableHost("xen-3"))
	case "host-evacuate":
		spec.Host = "xen-3"
	case "host-evacuate-with-a-vm-without-tools":
		spec.Host, spec.NoAgent = "xen-1", true
	}
	do(p.AddVM(spec))
	switch name {
	case "start", "start-cancelled", "start-paused", "start-task-destroyed-while-pending", // on another host than the coordinator
		"clone-template", "snapshot-running", "revert", "host-evacuate":
		do(p.DisableHost("xen-1"))
	case "clone": // on the coordinator
		do(p.DisableHost("xen-2"))
		do(p.DisableHost("xen-3"))
	}
	prepareDevices(t, p, name)
	switch {
	case name == "provision", deviceTimelines[name]:
	case name == "clone", name == "destroy":
		do(p.HaltVM("web"))
	case name == "destroy-diskless":
		_, err := p.perform("VM.create", recordedVM("made"))
		do(err)
	case name == "start-no-host":
		_ = p.StartVM("web") // it cannot start; what a first start fills in is there now
	case name == "hard-shutdown-paused", name == "unpause":
		do(p.PauseVM("web"))
	case name == "resume":
		do(p.SuspendVM("web"))
	case name == "host-enable":
		do(p.DisableHost("xen-3"))
	case name == "start-task-destroyed-while-pending":
		do(p.HaltVM("web"))
		p.view(func(x *tx) { x.dropGuestMetrics(x.find("VM", "name_label", "web")[0]) })
	case strings.HasPrefix(name, "start"):
		do(p.HaltVM("web")) // what the guest last reported is still there
	}
}

// watcher sees every event of a pool.
type watcher struct {
	t       *testing.T
	p       *Pool
	session string
	before  map[string]*record // by reference
	first   map[string]*record // the same, before the call
	token   string             // of event.from, before the call
	labels  map[string]string  // of the objects that event.next told of
}

func watch(t *testing.T, p *Pool) *watcher {
	w := &watcher{t: t, p: p, before: map[string]*record{}}

	w.session = w.call("session.login_with_password", "root", "xenroot", "1.0", "test").(string)
	w.call("event.register", w.session, setOf("*"))
	p.view(func(x *tx) {
		for _, table := range x.life.db.tables {
			for ref, r := range table.rows {
				w.before[ref] = r.now
			}
		}
		w.token = formatToken(x.life.db.generation, 0)
	})
	w.first = maps.Clone(w.before)
	return w
}

// call makes a call as a codec would.
func (w *watcher) call(method string, params ...any) any {
	w.t.Helper()
	reply := w.p.dispatch(w.p.members[0], request{method: method, params: params})
	if reply.failure != nil {
		w.t.Fatalf("%s: %v", method, reply.failure)
	}
	return reply.value
}

// run makes the recorded call, and what else was done meanwhile, and waits until all of it has ended.
func (w *watcher) run(words []string) {
	w.t.Helper()
	params := []any{w.session}
	for _, word := range words[1:] {
		params = append(params, w.argument(word))
	}
	answer := w.call(words[0], params...)
	if !strings.HasPrefix(words[0], "Async.") {
		return // it has ended
	}
	task := answer.(string)
	switch strings.TrimPrefix(w.t.Name(), "TestTimelines/") {
	case "start-cancelled":
		time.Sleep(500 * time.Millisecond)
		w.call("task.cancel", w.session, task)
	case "start-task-destroyed-while-pending":
		time.Sleep(300 * time.Millisecond)
		w.call("task.destroy", w.session, task)
	case "hard-shutdown-during-clean-shutdown":
		time.Sleep(500 * time.Millisecond)
		w.call("VM.hard_shutdown", params[:2]...)
	}
	for w.call("task.get_status", w.session, task) == "pending" {
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *watcher) argument(word string) any {
	if v, ok := deviceArgument(w.p, word); ok {
		return v
	}
	switch {
	case word == "record":
		return recordedVM("made for the timeline")
	case word == "true", word == "false":
		return word == "true"
	case strings.Contains(word, "="):
		key, value, _ := strings.Cut(word, "=")
		return mapOf(key, value)
	case strings.HasPrefix(word, "xen-"):
		return w.p.member(word).host
	}
	vm := word // a new name
	w.p.view(func(x *tx) {
		if found := x.find("VM", "name_label", word); len(found) > 0 {
			vm = found[0]
		}
	})
	return vm
}

// recordedVM is a record as the recorder gave it to VM.create.
func recordedVM(name string) Map {
	return Map{
		{Key: "name_label", Value: name},
		{Key: "name_description", Value: ""},
		{Key: "user_version", Value: int64(1)},
		{Key: "is_a_template", Value: false},
		{Key: "affinity", Value: nullRef},
		{Key: "memory_target", Value: int64(gib)},
		{Key: "memory_static_max", Value: int64(gib)},
		{Key: "memory_dynamic_max", Value: int64(gib)},
		{Key: "memory_dynamic_min", Value: int64(gib)},
		{Key: "memory_static_min", Value: int64(gib / 2)},
		{Key: "VCPUs_params", Value: Map{}},
		{Key: "VCPUs_max", Value: int64(1)},
		{Key: "VCPUs_at_startup", Value: int64(1)},
		{Key: "actions_after_shutdown", Value: "destroy"},
		{Key: "actions_after_reboot", Value: "restart"},
		{Key: "actions_after_crash", Value: "restart"},
		{Key: "PV_bootloader", Value: ""},
		{Key: "PV_kernel", Value: ""},
		{Key: "PV_ramdisk", Value: ""},
		{Key: "PV_args", Value: ""},
		{Key: "PV_bootloader_args", Value: ""},
		{Key: "PV_legacy_args", Value: ""},
		{Key: "HVM_boot_policy", Value: "BIOS order"},
		{Key: "HVM_boot_params", Value: mapOf("order", "cdn", "firmware", "bios")},
		{Key: "HVM_shadow_multiplier", Value: 1.0},
		{Key: "platform", Value: mapOf("acpi", "1", "apic", "true", "nx", "true", "pae", "true", "viridian", "false", "timeoffset", "0")},
		{Key: "PCI_bus", Value: ""},
		{Key: "other_config", Value: Map{}},
		{Key: "recommendations", Value: ""},
	}
}

// valued are the fields whose values are compared too.
var valued = map[string]bool{
	"allowed_operations": true, "current_operations": true, "power_state": true, "resident_on": true,
	"scheduled_to_be_resident_on": true, "currently_attached": true, "status": true, "guest_metrics": true,
	"suspend_VDI": true, "consoles": true, "subtasks": true, "current_domain_type": true, "hvm": true, "enabled": true,
	"error_info": true, "result": true, "memory_target": true, "VCPUs_number": true,
}

// lines prints the events as the recordings do.
func (w *watcher) lines(call string) []string {
	events := w.call("event.next", w.session).(Set)
	labels, counts := map[string]string{}, map[string]int{}
	for _, v := range events {
		e := v.(*event)
		if labels[e.now.ref] != "" {
			continue
		}
		class := e.now.class.EventClass
		if class == "task" && w.before[e.now.ref] == nil {
			labels[e.now.ref] = e.now.get("name_label").(string)
			continue
		}
		counts[class]++
		labels[e.now.ref] = class + strconv.Itoa(counts[class])
	}
	w.labels = labels
	var lines []string
	for _, v := range events {
		e := v.(*event)
		label, class := labels[e.now.ref], e.now.class.EventClass
		old := w.before[e.now.ref]
		w.before[e.now.ref] = e.now
		switch {
		case class == "pool" || class == "session" || label == "task1":
		case e.op != opMod:
			lines = append(lines, string(e.op)+" "+label)
		default:
			lines = append(lines, changes(label, old, e.now, labels)...)
		}
	}
	for i, line := range lines {
		if line == "del "+call {
			lines = append(lines[:i], lines[i+1:]...)
		}
	}
	return lines
}

// netLines prints what event.from tells of the whole call at once, sorted: what is new, gone, or has other values. What the
// recorded event.from told in its many answers is summed up in the same way.
func (w *watcher) netLines() []string {
	answer := w.call("event.from", w.session, setOf("*"), w.token, 0.0)
	var lines []string
	for _, v := range field(answer, "events").(Set) {
		e := v.(fromEvent)
		label, first := w.labels[e.ref], w.first[e.ref]
		switch {
		case label == "" || label == "task1" || e.class.EventClass == "pool" || e.class.EventClass == "task": // the recorder destroyed its own
		case e.op != opMod:
			lines = append(lines, string(e.op)+" "+label)
		default:
			line := "mod " + label
			for i, f := range e.class.Fields {
				if !equal(first.values[i], e.snapshot.values[i]) {
					line += " " + f.Name
				}
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(line string) bool { return strings.Count(line, " ") == 1 && strings.HasPrefix(line, "mod") })
}

func changes(label string, old, now *record, labels map[string]string) []string {
	var lines []string
	for i, f := range now.class.Fields {
		if old == nil || equal(old.values[i], now.values[i]) {
			continue
		}
		switch {
		case f.Name == "progress" && now.values[i] != 1.0:
		case valued[f.Name]:
			lines = append(lines, "mod "+label+" "+f.Name+" "+inLabels(now.values[i], labels))
		default:
			lines = append(lines, "mod "+label+" "+f.Name)
		}
	}
	return lines
}

var (
	aRef   = regexp.MustCompile(`OpaqueRef:[0-9a-f-]{36}`)
	aDummy = regexp.MustCompile(`DummyRef:\|[0-9a-f-]+\|`)
)

func inLabels(v any, labels map[string]string) string {
	switch v := v.(type) {
	case string:
		if v == nullRef {
			return "NULL"
		}
		v = aRef.ReplaceAllStringFunc(v, func(ref string) string { return cmp.Or(labels[ref], "?") })
		return aDummy.ReplaceAllString(v, "Dummy:")
	case Set:
		words := make([]string, len(v))
		for i, e := range v {
			words[i] = inLabels(e, labels)
		}
		return "[" + strings.Join(words, " ") + "]"
	case Map:
		words := make([]string, len(v))
		for i, e := range v {
			words[i] = inLabels(e.Key, labels) + ":" + inLabels(e.Value, labels)
		}
		return "{" + strings.Join(words, " ") + "}"
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// difference lists the lines that only one of two texts has, in order, by their longest common subsequence.
func difference(a, b []string) string {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i, v := range slices.Backward(a) {
		for j := len(b) - 1; j >= 0; j-- {
			if v == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("- " + a[i] + "\n")
			i++
		default:
			out.WriteString("+ " + b[j] + "\n")
			j++
		}
	}
	return out.String()
}
