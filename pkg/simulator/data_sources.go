package simulator

import (
	"math"
	"strconv"
)

// dataSource is one figure that a host's statistics daemon offers.
type dataSource struct {
	name, description, units string
	standard                 bool // kept without anybody asking
	max                      float64
	value                    float64 // now
}

// dataSourceBehaviours are the calls about those figures. Simulated guests use no processor, disk or network, so that only
// memory is not zero.
func dataSourceBehaviours() map[string]behaviour {
	table := map[string]behaviour{}
	for class, sources := range map[string]func(*tx, string) []dataSource{
		"host": (*tx).hostSources, "VM": (*tx).vmSources, "SR": func(*tx, string) []dataSource { return nil },
	} {
		at := whereSources(class)
		table[class+".get_data_sources"] = listSources(class, at, sources)
		table[class+".query_data_source"] = querySource(class, at, sources)
		table[class+".record_data_source"] = keepSource(class, at, sources, true)
		table[class+".forget_data_source_archives"] = keepSource(class, at, sources, false)
	}
	return table
}

// whereSources runs f where the figures of an object are: on the host, on the one that has the SR, or on the one that the
// VM runs on, as an operation of it.
func whereSources(class string) func(c *call, f func(*tx) error) error {
	switch class {
	case "VM":
		return func(c *call, f func(*tx) error) error {
			return c.operateVM(c.str(0), "data_source_op", func(o *vmOperationCall) error {
				if _, err := o.forwardToHome(); err != nil {
					return err
				}
				return o.update(f)
			}, nil)
		}
	case "SR":
		return func(c *call, f func(*tx) error) error {
			if err := c.onStorageHost(c.str(0)); err != nil {
				return err
			}
			return c.update(f)
		}
	}
	return func(c *call, f func(*tx) error) error {
		if err := c.contact(c.str(0)); err != nil {
			return err
		}
		return c.update(f)
	}
}

// listSources is get_data_sources. xapi: it gives no values.
func listSources(class string, at func(*call, func(*tx) error) error, sources func(*tx, string) []dataSource) behaviour {
	return func(c *call) (any, error) {
		list := Set{}
		err := at(c, func(t *tx) error {
			for _, s := range sources(t, c.str(0)) {
				list = append(list, Map{
					{Key: "name_label", Value: s.name},
					{Key: "name_description", Value: s.description},
					{Key: "enabled", Value: t.keepsSource(class, c.str(0), s)},
					{Key: "standard", Value: s.standard},
					{Key: "units", Value: s.units},
					{Key: "min", Value: 0.0},
					{Key: "max", Value: s.max},
					{Key: "value", Value: 0.0},
				})
			}
			return nil
		})
		return list, err
	}
}

// querySource is query_data_source: the figure now. xapi: of one that is not kept there is none.
func querySource(class string, at func(*call, func(*tx) error) error, sources func(*tx, string) []dataSource) behaviour {
	return func(c *call) (any, error) {
		value := math.NaN()
		err := at(c, func(t *tx) error {
			for _, s := range sources(t, c.str(0)) {
				if s.name == c.str(1) && t.keepsSource(class, c.str(0), s) {
					value = s.value
					return nil
				}
			}
			return noSource(c.str(1))
		})
		return value, err
	}
}

// keepSource is record_data_source and forget_data_source_archives.
func keepSource(class string, at func(*call, func(*tx) error) error, sources func(*tx, string) []dataSource, keep bool) behaviour {
	return func(c *call) (any, error) {
		return nil, at(c, func(t *tx) error {
			for _, s := range sources(t, c.str(0)) {
				if s.name == c.str(1) {
					t.life.pool.sources[t.str(class, c.str(0), "uuid")+" "+s.name] = keep
					return nil
				}
			}
			if keep {
				return noSource(c.str(1))
			}
			return nil
		})
	}
}

func noSource(name string) error { return internalError(`Rrd.Invalid_data_source("` + name + `")`) }

// keepsSource reports whether the figure of an object is kept.
func (t *tx) keepsSource(class, ref string, s dataSource) bool {
	keep, told := t.life.pool.sources[t.str(class, ref, "uuid")+" "+s.name]
	return keep || !told && s.standard
}

// hostSources are the figures of a host.
func (t *tx) hostSources(host string) []dataSource {
	metrics := t.str("host", host, "metrics")
	list := []dataSource{
		{"memory_total_kib", "Total amount of memory in the host", "KiB", true, math.Inf(1), float64(t.num("host_metrics", metrics, "memory_total") / 1024)},
		{"memory_free_kib", "Total amount of free memory", "KiB", true, math.Inf(1), float64(t.num("host_metrics", metrics, "memory_free") / 1024)},
		{"memory_reclaimed", "Host memory reclaimed by squeezed", "B", true, math.Inf(1), 0},
		{"memory_reclaimed_max", "Host memory that could be reclaimed by squeezed", "B", true, math.Inf(1), 0},
		{"loadavg", "Domain0 loadavg", "(fraction)", true, math.Inf(1), 0},
		{"cpu_avg", "Average physical cpu usage", "(fraction)", true, 1, 0},
	}
	for i := range t.members("host", host, "host_CPUs") {
		n := strconv.Itoa(i)
		list = append(list, dataSource{"cpu" + n, "Physical cpu usage for cpu " + n, "(fraction)", true, 1, 0})
	}
	for _, pif := range t.strs("host", host, "PIFs") {
		if device := t.str("PIF", pif, "device"); t.flag("PIF", pif, "physical") {
			list = append(list,
				dataSource{"pif_" + device + "_rx", "Bytes per second received on physical interface " + device, "B/s", true, math.Inf(1), 0},
				dataSource{"pif_" + device + "_tx", "Bytes per second sent on physical interface " + device, "B/s", true, math.Inf(1), 0})
		}
	}
	return list
}

// vmSources are the figures of a VM.
func (t *tx) vmSources(vm string) []dataSource {
	memory := float64(t.num("VM", vm, "memory_dynamic_max"))
	list := []dataSource{
		{"memory", "Memory currently allocated to VM", "B", true, math.Inf(1), memory},
		{"memory_target", "Target of VM balloon driver", "B", true, math.Inf(1), float64(t.num("VM", vm, "memory_target"))},
		{"cpu_usage", "Domain CPU usage", "(fraction)", false, 1, 0},
	}
	if t.flag("VM_guest_metrics", t.str("VM", vm, "guest_metrics"), "PV_drivers_detected") {
		list = append(list, dataSource{"memory_internal_free", "Memory used as reported by the guest agent", "KiB", true, math.Inf(1), math.Floor(memory / 2048)})
	}
	for i := range t.num("VM_metrics", t.str("VM", vm, "metrics"), "VCPUs_number") {
		n := strconv.FormatInt(i, 10)
		list = append(list, dataSource{"cpu" + n, "CPU" + n + " usage", "(fraction)", true, 1, 0})
	}
	for _, vif := range t.strs("VM", vm, "VIFs") {
		n := t.str("VIF", vif, "device")
		list = append(list,
			dataSource{"vif_" + n + "_tx", "Bytes per second transmitted on virtual interface number '" + n + "'", "B/s", true, math.Inf(1), 0},
			dataSource{"vif_" + n + "_rx", "Bytes per second received on virtual interface number '" + n + "'", "B/s", true, math.Inf(1), 0})
	}
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		if device := t.str("VBD", vbd, "device"); device != "" {
			list = append(list,
				dataSource{"vbd_" + device + "_write", "Writes to device '" + device + "' in bytes per second", "B/s", true, math.Inf(1), 0},
				dataSource{"vbd_" + device + "_read", "Reads from device '" + device + "' in bytes per second", "B/s", true, math.Inf(1), 0})
		}
	}
	return list
}
