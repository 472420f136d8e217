package simulator

// beside is what hosts and the pool keep in files and in the hypervisor, beside the database. The lock guards it.
type beside struct {
	cards       map[string][]card // network cards that the database has forgotten, by the host's reference
	schedulers  map[string]string // sched-gran of a host's next start, by its reference
	revocations map[string]bool   // certificate revocation lists, by name
}

func newBeside() beside {
	return beside{cards: make(map[string][]card), schedulers: make(map[string]string), revocations: make(map[string]bool)}
}
