package simulator

// How many connections xapi serves at once, since 22.30. Further ones wait where nobody has accepted them yet.
const (
	tcpConnections  = 800
	unixConnections = 1024
)

// slots are the places of connections that are served, one each.
type slots struct{ tcp, unix chan struct{} }

func newSlots() slots {
	return slots{make(chan struct{}, tcpConnections), make(chan struct{}, unixConnections)}
}

// enter waits for a place and says how to leave it; without an answer the pool has ended.
func (h *httpConn) enter() (leave func()) {
	places := h.member.slots.tcp
	switch {
	case h.trusted:
		places = h.member.slots.unix
	case !h.limited():
		return func() {}
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }
	case <-h.member.pool.done():
		return nil
	}
}
