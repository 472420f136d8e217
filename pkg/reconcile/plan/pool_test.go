package plan_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// epoch is now in every test of this package.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is a pool, and what we remember of it, built line by line:
//
//	host xen-1 [disabled] [dead] [evacuating] [maintenance] [free=16Gi] [cpus=8]
//	vm db-1 Running [on=xen-1] [memory=8Gi] [uuid=u] [to=xen-2] [agent=no|mute] [op=clone] [mine=T]
//	        [blocked=start] [sr=nfs] [network=front] [template|snapshot|control] [always-run]
//	sr nfs [on=xen-1,xen-2]          network front [on=xen-1]        pool ha
//	inflight db-1 Migrate [from=xen-1] [to=xen-2]
//	history db-1 [since=-3m] [clean-failed] [attempts=3] [error=word] [next=30s] [contested=powerState]
//	limits [starts=1] [migrations=1] [in=1] [out=1]
type world struct {
	objects   []xen.Object
	hosts     map[string]*xen.Host
	metrics   map[string]*xen.HostMetrics
	free      map[string]int64
	vms       map[string]*xen.VM
	inFlight  map[string]plan.Operation
	history   map[string]plan.History
	beingMade map[xen.VMRef]bool
	displaced map[xen.TaskRef]bool
	limits    plan.Limits
}

func newWorld(tb testing.TB, lines string) *world {
	tb.Helper()
	w := &world{
		hosts: map[string]*xen.Host{}, metrics: map[string]*xen.HostMetrics{}, free: map[string]int64{},
		vms: map[string]*xen.VM{}, inFlight: map[string]plan.Operation{}, history: map[string]plan.History{},
		beingMade: map[xen.VMRef]bool{}, displaced: map[xen.TaskRef]bool{},
	}
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := w.line(words); err != nil {
			tb.Fatalf("pool line %q: %v", strings.TrimSpace(line), err)
		}
	}
	return w
}

func (w *world) line(words []string) error {
	kind, name, rest := words[0], "", words[1:]
	if kind != "pool" && kind != "limits" {
		name, rest = words[1], words[2:]
	}
	switch kind {
	case "host":
		return w.host(name, rest)
	case "vm":
		return w.vm(name, rest)
	case "sr":
		return w.sr(name, rest)
	case "network":
		return w.network(name, rest)
	case "pool":
		w.add("pool", &xen.Pool{UUID: "pool", HAEnabled: slices.Contains(rest, "ha")})
		return nil
	case "inflight":
		return w.operation(name, rest)
	case "history":
		return w.past(name, rest)
	case "limits":
		return each(rest, func(key, value string) error {
			n, err := strconv.Atoi(value)
			switch key {
			case "starts":
				w.limits.Starts = n
			case "migrations":
				w.limits.Migrations = n
			case "in":
				w.limits.HostIn = n
			case "out":
				w.limits.HostOut = n
			}
			return err
		})
	}
	return fmt.Errorf("no such line")
}

func (w *world) add(ref string, r xen.Record) {
	w.objects = append(w.objects, xen.Object{Ref: ref, Record: r})
}

func (w *world) host(name string, words []string) error {
	h := &xen.Host{UUID: "uuid-" + name, NameLabel: name, Enabled: true, Metrics: xen.HostMetricsRef("metrics-" + name)}
	m := &xen.HostMetrics{UUID: "uuid-metrics-" + name, Live: true, MemoryTotal: 64 << 30}
	w.hosts[name], w.metrics[name] = h, m
	w.add("host-"+name, h)
	w.add("metrics-"+name, m)
	return each(words, func(key, value string) (err error) {
		switch key {
		case "disabled":
			h.Enabled = false
		case "dead":
			m.Live = false
		case "evacuating":
			h.CurrentOperations = append(h.CurrentOperations, xen.Pair[string, xen.HostAllowedOperation]{Key: "task", Value: xen.HostAllowedOperationEvacuate})
		case "maintenance":
			h.OtherConfig = xen.StringMap("MAINTENANCE_MODE", "true")
		case "cpus":
			h.CPUInfo = xen.StringMap("cpu_count", value)
		case "free":
			w.free[name], err = bytesOf(value)
		default:
			err = fmt.Errorf("unknown word %s", key)
		}
		return err
	})
}

func (w *world) vm(name string, words []string) error {
	ref := fmt.Sprintf("vm-%s-%d", name, len(w.vms))
	vm := &xen.VM{
		UUID: "uuid-" + ref[3:], NameLabel: name, PowerState: xen.PowerState(words[0]), VCPUsAtStartup: 2,
		ResidentOn: xen.NullRef, ScheduledToBeResidentOn: xen.NullRef, MemoryDynamicMin: 2 << 30, MemoryStaticMax: 2 << 30,
		AllowedOperations: []xen.VMOperation{"clean_shutdown", "suspend", "pool_migrate"},
	}
	key := name
	if w.vms[name] != nil {
		key = ref
	}
	w.vms[key] = vm
	w.add(ref, vm)
	return each(words[1:], func(word, value string) (err error) {
		switch word {
		case "on":
			vm.ResidentOn = xen.HostRef("host-" + value)
		case "to":
			vm.ScheduledToBeResidentOn = xen.HostRef("host-" + value)
		case "memory":
			vm.MemoryDynamicMin, err = bytesOf(value)
			vm.MemoryStaticMax = vm.MemoryDynamicMin
		case "uuid":
			vm.UUID = value
		case "agent":
			vm.AllowedOperations = nil
			if value == "mute" { // it reports, and XAPI offers nothing
				vm.GuestMetrics = xen.VMGuestMetricsRef("guest-" + ref)
				w.add("guest-"+ref, &xen.VMGuestMetrics{UUID: "guest-" + ref, PVDriversVersion: xen.StringMap("major", "8", "minor", "2")})
			}
		case "op", "mine":
			task := word + "-" + name
			if word == "mine" {
				w.displaced[xen.TaskRef(task)] = true
			}
			vm.CurrentOperations = append(vm.CurrentOperations, xen.Pair[string, xen.VMOperation]{Key: task, Value: xen.VMOperation(value)})
		case "new":
			w.beingMade[xen.VMRef(ref)] = true
		case "blocked":
			vm.BlockedOperations = append(vm.BlockedOperations, xen.Pair[xen.VMOperation, string]{Key: xen.VMOperation(value), Value: "backup runs"})
		case "sr":
			w.disk(ref, vm, value)
		case "network":
			vif := xen.VIFRef("vif-" + ref + value)
			vm.VIFs = append(vm.VIFs, vif)
			w.add(string(vif), &xen.VIF{UUID: string(vif), VM: xen.VMRef(ref), Network: xen.NetworkRef("network-" + value), CurrentlyAttached: vm.PowerState == xen.Running})
		case "template":
			vm.IsATemplate = true
		case "snapshot":
			vm.IsATemplate, vm.IsASnapshot = true, true
		case "control":
			vm.IsControlDomain = true
		case "always-run":
			vm.HAAlwaysRun = true
		default:
			err = fmt.Errorf("unknown word %s", word)
		}
		return err
	})
}

func (w *world) disk(ref string, vm *xen.VM, sr string) {
	vbd, vdi := xen.VBDRef("vbd-"+ref+sr), xen.VDIRef("vdi-"+ref+sr)
	vm.VBDs = append(vm.VBDs, vbd)
	w.add(string(vbd), &xen.VBD{UUID: string(vbd), VM: xen.VMRef(ref), VDI: vdi})
	w.add(string(vdi), &xen.VDI{UUID: string(vdi), SR: xen.SRRef("sr-" + sr)})
}

func (w *world) sr(name string, words []string) error {
	sr := &xen.SR{UUID: "uuid-sr-" + name, NameLabel: name}
	w.add("sr-"+name, sr)
	return each(words, func(_, value string) error {
		for host := range strings.SplitSeq(value, ",") {
			pbd := xen.PBDRef("pbd-" + name + host)
			sr.PBDs = append(sr.PBDs, pbd)
			w.hosts[host].PBDs = append(w.hosts[host].PBDs, pbd)
			w.add(string(pbd), &xen.PBD{UUID: string(pbd), Host: xen.HostRef("host-" + host), SR: xen.SRRef("sr-" + name), CurrentlyAttached: true})
		}
		return nil
	})
}

func (w *world) network(name string, words []string) error {
	network := &xen.Network{UUID: "uuid-net-" + name, NameLabel: name, Managed: true}
	w.add("network-"+name, network)
	return each(words, func(key, value string) error {
		if key == "used-by" {
			network.VIFs = append(network.VIFs, xen.VIFRef("vif-vm-"+value+name))
			return nil
		}
		for host := range strings.SplitSeq(value, ",") {
			pif := xen.PIFRef("pif-" + name + host)
			network.PIFs = append(network.PIFs, pif)
			w.hosts[host].PIFs = append(w.hosts[host].PIFs, pif)
			w.add(string(pif), &xen.PIF{UUID: string(pif), Host: xen.HostRef("host-" + host), Network: xen.NetworkRef("network-" + name)})
		}
		return nil
	})
}

func (w *world) operation(name string, words []string) error {
	op := plan.Operation{Sent: epoch.Add(-time.Minute), Action: plan.Action{Verb: plan.Verb(words[0]), Key: name, Because: "it was needed", VM: xen.VMRef("vm-" + name)}}
	for i, o := range w.objects {
		if vm, ok := o.Record.(*xen.VM); ok && vm.NameLabel == name {
			op.Action.VM = xen.VMRef(w.objects[i].Ref)
			op.Action.Memory = vm.MemoryDynamicMin
		}
	}
	err := each(words[1:], func(key, value string) error {
		if key == "from" {
			op.Action.From = xen.HostRef("host-" + value)
		} else {
			op.Action.Host, op.Action.HostName = xen.HostRef("host-"+value), value
		}
		return nil
	})
	w.inFlight[name] = op
	return err
}

func (w *world) past(name string, words []string) error {
	h := w.history[name]
	err := each(words, func(key, value string) (err error) {
		var d time.Duration
		switch key {
		case "since":
			d, err = time.ParseDuration(value)
			h.Since = epoch.Add(d)
		case "clean-failed":
			h.CleanFailed = true
		case "attempts":
			h.Attempts, err = strconv.Atoi(value)
		case "error":
			h.LastError = value
		case "next":
			d, err = time.ParseDuration(value)
			h.NextAttempt = epoch.Add(d)
		case "contested":
			h.Contested = append(h.Contested, plan.Field(value))
		default:
			err = fmt.Errorf("unknown word %s", key)
		}
		return err
	})
	w.history[name] = h
	return err
}

// snapshot is the pool as the cache would hold it.
func (w *world) snapshot() store.Snapshot {
	for name, free := range w.free {
		w.metrics[name].MemoryTotal = free
		for _, vm := range w.vms {
			if host := xen.HostRef("host-" + name); vm.ResidentOn == host || vm.ScheduledToBeResidentOn == host {
				w.metrics[name].MemoryTotal += vm.MemoryDynamicMin + vm.MemoryOverhead
			}
		}
	}
	s := store.New()
	s.Apply(store.Batch{Set: w.objects})
	s.MarkSynced(1, epoch)
	return s.Snapshot()
}

func (w *world) input(set *desired.Set) plan.Input {
	return plan.Input{
		Now: epoch, Snapshot: w.snapshot(), Declared: plan.Declare(set.VMs()), InFlight: maps.Clone(w.inFlight),
		History: w.history, BeingMade: w.beingMade, Displaced: w.displaced, Limits: w.limits,
	}
}

// declaredFrom reads manifests that leave out the two lines which are always the same.
func declaredFrom(tb testing.TB, yaml string) *desired.Set {
	tb.Helper()
	var files []desired.File
	for i, doc := range strings.Split(yaml, "---\n") {
		if strings.TrimSpace(doc) != "" {
			files = append(files, desired.File{
				Name: fmt.Sprintf("%d.yaml", i),
				Data: []byte("apiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\n" + doc),
			})
		}
	}
	set, err := desired.Parse(files...)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

func each(words []string, do func(key, value string) error) error {
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if err := do(key, value); err != nil {
			return err
		}
	}
	return nil
}

func bytesOf(s string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(s, "Gi"), 10, 64)
	return n << 30, err
}
