package simulator

// leafSize is what a clone or a snapshot takes of an SR at first, in bytes: it has the blocks in common with its source.
const leafSize = 4 * mib

// defaultSRSize is the size in bytes of an SR whose maker did not say.
const defaultSRSize = 1024 * gib

// countsSpace reports whether an SR keeps account of its space. xapi: its driver "dummy", which holds no data, does not.
func (t *tx) countsSpace(sr string) bool { return t.str("SR", sr, "type") != "dummy" }

// room fails where an SR has not so many bytes left.
func (t *tx) room(sr string, bytes int64) error {
	free := t.num("SR", sr, "physical_size") - t.num("SR", sr, "physical_utilisation")
	if t.countsSpace(sr) && bytes > free {
		return fail("SR_BACKEND_FAILURE_44", "", "There is insufficient space", "")
	}
	return nil
}

// occupy writes that an SR holds so many bytes more: promised to its disks, and taken. Negative: less.
func (t *tx) occupy(sr string, virtual, physical int64) {
	if !t.countsSpace(sr) {
		return
	}
	t.set("SR", sr, "virtual_allocation", max(0, t.num("SR", sr, "virtual_allocation")+virtual))
	t.set("SR", sr, "physical_utilisation", max(0, t.num("SR", sr, "physical_utilisation")+physical))
}

// occupyWith is occupy for one of its disks, which comes (sign 1) or goes (-1).
func (t *tx) occupyWith(vdi string, sign int64) {
	t.occupy(t.str("VDI", vdi, "SR"), sign*t.num("VDI", vdi, "virtual_size"), sign*t.num("VDI", vdi, "physical_utilisation"))
}

// dropDisk takes a VDI out of the database and its bytes out of the SR.
func (t *tx) dropDisk(vdi string) {
	if t.exists("VDI", vdi) {
		sr, virtual, physical := t.str("VDI", vdi, "SR"), t.num("VDI", vdi, "virtual_size"), t.num("VDI", vdi, "physical_utilisation")
		t.destroy("VDI", vdi)
		t.occupy(sr, -virtual, -physical)
	}
}

// backend is what a storage backend knows of an SR beside the database, by which forgotten things are found again.
// It is guarded by the pool's lock.
type backend struct {
	size, used int64             // bytes, of an SR that was forgotten
	volumes    map[string]values // disks that the database does not know, by location
}

// backend is the backend of an SR, by its uuid.
func (t *tx) backend(uuid string) *backend {
	p := t.life.pool
	if p.backends == nil {
		p.backends = make(map[string]*backend)
	}
	if p.backends[uuid] == nil {
		p.backends[uuid] = &backend{size: defaultSRSize, volumes: make(map[string]values)}
	}
	return p.backends[uuid]
}

// remember lets the backend keep a disk that the database is about to forget.
func (t *tx) remember(vdi string) {
	r := t.record("VDI", vdi)
	kept := values{}
	for _, field := range []string{
		"uuid", "location", "virtual_size", "physical_utilisation", "type", "read_only", "is_a_snapshot", "snapshot_time", "managed",
	} {
		kept[field] = r.get(field)
	}
	t.backend(t.str("SR", t.str("VDI", vdi, "SR"), "uuid")).volumes[t.str("VDI", vdi, "location")] = kept
}
