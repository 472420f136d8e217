package simulator

import (
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// refusal is what a pool without something answers to a message that needs it, as xapi does where that is missing.
type refusal struct {
	code    string
	params  func(c *call) []string // of the error; nil: none
	feature string                 // of the licence, which xapi asks for first; "": none
	absent  bool                   // no pool that the simulator makes has such an object, only one that is loaded
	at      bool                   // the call is for the host that it names first, which has to be there
}

// carryOut checks the references that a call was given, in their order, as xapi does when it reads the objects, and then
// refuses.
func (r refusal) carryOut(c *call) (any, error) {
	err := c.view(func(t *tx) error {
		if err := t.licensed(r.feature); err != nil {
			return err
		}
		return c.referencesExist(t)
	})
	if err == nil && r.at {
		err = c.atHost(c.str(0))
	}
	switch {
	case err != nil:
		return nil, err
	case r.params == nil:
		return nil, fail(r.code)
	}
	return nil, fail(r.code, r.params(c)...)
}

// note is what Coverage says of it.
func (r refusal) note() string {
	if r.absent {
		return "HANDLE_INVALID: there is no such object"
	}
	return r.code + ", as by a pool without what it needs"
}

// licensed refuses a feature, by xapi's name for it, that the licence of the pool restricts; "" is none.
func (t *tx) licensed(feature string) error {
	if text(t.dict("pool", t.the("pool"), "restrictions"), "restrict_"+strings.ToLower(feature)) == "true" {
		return fail("LICENSE_RESTRICTION", feature)
	}
	return nil
}

// referencesExist is HANDLE_INVALID for the first reference of a call that no object has.
func (c *call) referencesExist(t *tx) error {
	declared := c.message.Params
	if c.message.Session {
		declared = declared[1:]
	}
	for i, p := range declared {
		ref, ok := c.params[i].(string)
		if !ok || p.Parsed.Kind != datamodel.Ref || ref == nullRef {
			continue
		}
		if err := t.must(p.Parsed.Name, ref); err != nil {
			return err
		}
	}
	return nil
}

// always are parameters of an error that are the same for every call.
func always(params ...string) func(*call) []string { return func(*call) []string { return params } }

// given are those parameters of the call that stand at some positions.
func given(positions ...int) func(*call) []string {
	return func(c *call) []string {
		var words []string
		for _, i := range positions {
			words = append(words, databaseText(c.params[i]))
		}
		return words
	}
}

// refusals are the messages that no simulated pool can carry out.
func refusals() map[string]refusal {
	table := map[string]refusal{
		"host.get_log":                        {code: "NOT_IMPLEMENTED", params: always("get_log"), at: true},
		"host.dmesg_clear":                    {code: "NOT_IMPLEMENTED", params: always("dmesg_clear"), at: true},
		"host.list_methods":                   {code: "NOT_IMPLEMENTED", params: always("list_method")},
		"host.bugreport_upload":               {code: "SYSTEM_STATUS_RETRIEVAL_FAILED", params: always("xen-bugtool"), at: true},
		"host.set_uefi_certificates":          {code: "OPERATION_NOT_ALLOWED", params: always(useCustom)},
		"pool.set_uefi_certificates":          {code: "OPERATION_NOT_ALLOWED", params: always(useCustom)},
		"pool.send_test_post":                 {code: "WLB_TIMEOUT", params: always("30.0")},
		"pool.test_archive_target":            {code: "XENAPI_MISSING_PLUGIN", params: always("vmpr")},
		"pool.initialize_wlb":                 {code: "WLB_CONNECTION_REFUSED", feature: "WLB"},
		"pool.sync_updates":                   {code: "NO_REPOSITORY_ENABLED"},
		"host.apply_updates":                  {code: "NO_REPOSITORY_ENABLED", at: true},
		"pool.sync_trusted_certificates_from": {code: "TLS_CONNECTION_FAILED", params: func(c *call) []string { return []string{c.str(1), "443"} }},
		"session.create_from_db_file":         {code: "INTERNAL_ERROR", params: missingFile},
		"VM.import":                           {code: "IMPORT_ERROR", params: given(0)},
		"VM.import_convert":                   {code: "XENAPI_MISSING_PLUGIN", params: always("conversion")},
		"VM.sysprep":                          {code: "SYSPREP", params: func(c *call) []string { return []string{c.str(0), "API call is disabled"} }},
		"VMSS.snapshot_now":                   {code: "XENAPI_MISSING_PLUGIN", params: always("vmss"), feature: "VMSS"},
		"LVHD.enable_thin_provisioning":       {code: "MESSAGE_METHOD_UNKNOWN", params: always("LVHD.enable_thin_provisioning"), at: true},
		"pool_update.introduce":               {code: "INVALID_UPDATE", params: always("missing update document (update.xml) in the package.")},
	}
	for _, m := range []string{
		"pool.deconfigure_wlb", "pool.send_wlb_configuration", "pool.retrieve_wlb_configuration",
		"pool.retrieve_wlb_recommendations", "host.retrieve_wlb_evacuate_recommendations",
	} {
		table[m] = refusal{code: "WLB_NOT_INITIALIZED", feature: "WLB"}
	}
	for _, m := range absentObjects() {
		table[m] = refusal{code: "OPERATION_NOT_ALLOWED", params: always("not supported"), absent: true}
	}
	return table
}

// useCustom is what xapi says of two calls since another came.
const useCustom = "To set UEFI certificates use: `Pool.set_custom_uefi_certificates`"

// missingFile is the error of a file that is not there, as OCaml writes it. A simulated host has no files.
func missingFile(c *call) []string {
	return []string{`Sys_error("` + c.str(0) + `: No such file or directory")`}
}

// absentObjects are messages about objects that no simulated pool has, so that HANDLE_INVALID answers before all else.
func absentObjects() []string {
	return []string{
		"pool_patch.apply", "pool_patch.pool_apply", "pool_patch.precheck", "pool_patch.clean", "pool_patch.pool_clean", "pool_patch.destroy",
		"pool_patch.clean_on_host", "host_patch.destroy", "host_patch.apply", "host_crashdump.destroy", "host_crashdump.upload",
		"crashdump.destroy", "pool_update.precheck", "pool_update.apply", "pool_update.pool_apply", "pool_update.pool_clean",
		"pool_update.destroy", "PCI.disable_dom0_access", "PCI.enable_dom0_access", "PCI.get_dom0_access_status",
		"PGPU.enable_dom0_access", "PGPU.disable_dom0_access", "Host_driver.select", "Host_driver.deselect", "Driver_variant.select",
		"Cluster.destroy", "Cluster.get_network", "Cluster.pool_destroy", "Cluster.pool_force_destroy", "Cluster.pool_resync",
		"Cluster_host.create", "Cluster_host.destroy", "Cluster_host.force_destroy", "Cluster_host.enable", "Cluster_host.disable",
		"PGPU.get_remaining_capacity",
	}
}

// refusing are the behaviours of refusals.
func refusing() map[string]behaviour {
	table := make(map[string]behaviour)
	for wire, r := range refusals() {
		table[wire] = r.carryOut
	}
	return table
}
