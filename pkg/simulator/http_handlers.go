package simulator

import (
	"strings"
)

// handlerNamed finds what answers a handler of the datamodel's name. Those that carry disks, backups or logs are not
// played: they answer as a call that the simulator does not have.
func handlerNamed(name string) handler {
	switch name {
	case "get_export", "get_export_metadata":
		return exportOf(name)
	case "rrd_updates":
		return wants("start", noDaemon)
	case "sr_rrd", "rrd":
		return wants("uuid", noDaemon)
	case "host_rrd":
		return noDaemon
	case "vm_rrd":
		return vmMeasurements
	}
	if strings.Contains(name, "_services") {
		return noDaemon
	}
	return func(*visit) *httpPage { return errorPage(fail("NOT_IMPLEMENTED", name)) }
}

// noDaemon hands the connection to a daemon beside xapi, of which the simulator has none.
func noDaemon(*visit) *httpPage {
	return &httpPage{status: "404 Not Found", plain: true, version: "HTTP/1.0"}
}

// wants is 400 without a parameter.
func wants(parameter string, then handler) handler {
	return func(v *visit) *httpPage {
		if _, ok := v.param(parameter); !ok {
			return &httpPage{status: "400 Bad Request", plain: true}
		}
		return then(v)
	}
}

// errorPage is what becomes of a failure in a handler.
func errorPage(err error) *httpPage {
	f := asFailure(err)
	return internalPage(f.Code + ": [ " + strings.Join(f.Params, "; ") + " ]")
}

// redirectTo sends the client to the same handler of another member.
func (v *visit) redirectTo(address string) *httpPage {
	var query []string
	for _, q := range v.query {
		query = append(query, q.name+"="+q.value)
	}
	return &httpPage{status: "302 Found", plain: true, location: "https://" + address + v.path + "?" + strings.Join(query, "&")}
}

// vmAsked is the VM of the query.
func (v *visit) vmAsked(t *tx) (string, *httpPage) {
	if ref, ok := v.param("ref"); ok {
		if err := t.must("VM", ref); err != nil {
			return "", errorPage(err)
		}
		return ref, nil
	}
	uuid, ok := v.param("uuid")
	if !ok {
		return "", internalPage("Not_found")
	}
	if found := t.find("VM", "uuid", uuid); uuid != "" && len(found) > 0 {
		return found[0], nil
	}
	return "", errorPage(fail("UUID_INVALID", "VM", uuid))
}

// vmMeasurements is the RRD of a VM, which lies where the VM is.
func vmMeasurements(v *visit) (page *httpPage) {
	err := v.view(func(t *tx) error {
		var vm string
		if vm, page = v.vmAsked(t); page != nil {
			return nil
		}
		page = noDaemon(v)
		if host := t.str("VM", vm, "resident_on"); host != nullRef && host != v.member.host {
			page = v.redirectTo(t.str("host", host, "address"))
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return page
}

// exportOf writes a VM into the connection, on a member that sees its disks; another is a redirect away. What comes
// before the first byte is played, the archive is not.
func exportOf(name string) handler {
	operation := "export"
	if name == "get_export_metadata" {
		operation = "metadata_export"
	}
	return func(v *visit) (page *httpPage) {
		vm := ""
		err := v.view(func(t *tx) error {
			if vm, page = v.vmAsked(t); page == nil && operation == "export" {
				page = v.whereDisksAre(t, vm)
			}
			return nil
		})
		if err != nil || page != nil {
			return page
		}
		return v.exportHere(vm, name, operation)
	}
}

// whereDisksAre is a redirect to a member that sees the disks of a VM, nil if this one does, or none.
func (v *visit) whereDisksAre(t *tx, vm string) *httpPage {
	needed := t.bootFacts(vm).SRs
	var others []string
	for _, host := range t.all("host") {
		switch {
		case !t.seesAll(host, needed):
		case host == v.member.host:
			return nil
		default:
			others = append(others, t.str("host", host, "address"))
		}
	}
	if len(others) == 0 {
		return nil
	}
	return v.redirectTo(others[v.pool.rng.IntN(len(others))])
}

// exportHere is the part that has a task: the client's own, or one for as long as it takes.
func (v *visit) exportHere(vm, name, operation string) *httpPage {
	v.name, v.method = "VM."+operation, "VM."+operation
	ref, own := v.credential("task_id")
	if own {
		v.task, v.run = ref, &run{cancelled: make(chan struct{})}
	} else if err := v.beginTask(); err != nil {
		return nil
	}
	err := v.operateVM(vm, operation, func(*vmOperationCall) error { return fail("NOT_IMPLEMENTED", name) }, nil)
	v.endTask(nil, err)
	if !own {
		_ = v.update(func(t *tx) error { t.destroy("task", v.task); return nil }) // a life that ended has no tasks
	}
	return errorPage(err)
}
