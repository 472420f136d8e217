package simulator

// localBehaviours are calls that answer from what a member, or a record, knows by itself.
func localBehaviours() map[string]behaviour {
	return map[string]behaviour{"host.get_system_status_capabilities": hostStatusCapabilities}
}

// vmGetBootRecord is VM.get_boot_record: the record as it stands while this operation is marked in it.
func vmGetBootRecord(c *call) (any, error) {
	var r *record
	err := c.operateVM(c.str(0), "get_boot_record", func(o *vmOperationCall) error {
		return o.view(func(t *tx) error { r = t.record("VM", o.vm); return nil })
	}, nil)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// hostStatusCapabilities is host.get_system_status_capabilities: what a status report can hold, which the simulated hosts
// have no tool for. xapi: a member that is asked directly, with a session of its own, only speaks for itself.
func hostStatusCapabilities(c *call) (any, error) {
	host := c.str(0)
	c.pool.mu.Lock()
	asked, own := c.member.local[c.session] && c.member.life == nil, c.member.host
	c.pool.mu.Unlock()
	switch {
	case asked && host != own:
		return nil, internalError(`Failure("Forwarded to the wrong host")`)
	case !asked:
		if err := c.onHostCalled(); err != nil {
			return nil, err
		}
	}
	return nil, fail("SYSTEM_STATUS_RETRIEVAL_FAILED", "xen-bugtool")
}
