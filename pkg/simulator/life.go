package simulator

import "time"

// life is one life of xapi on the master: its database, its sessions and tasks (rows of the database), its queue of
// events. It ends with the process; the next life starts from what was stored, and event ids from 0.
// Everything in it is guarded by the pool's lock, unless it says otherwise.
type life struct {
	*extent // ends with the process

	pool   *Pool
	master *member // whose xapi it is
	db     *db
	events eventQueue
	tasks  map[string]*run       // by task reference: work that has not ended
	heard  map[*member]time.Time // when each host last said that it is alive

	plugins map[string]time.Time // by VM: when a plugin was last called in it

	noRestarts time.Time // until when HA starts nothing
}

func newLife(p *Pool, d *db) *life {
	l := &life{
		extent: newExtent(), pool: p, db: d, tasks: make(map[string]*run),
		heard: make(map[*member]time.Time), plugins: make(map[string]time.Time),
	}
	l.events.init()
	return l
}

// update runs f on the database. When the life has ended it does nothing and says so.
func (l *life) update(f func(*tx) error) error {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	if l.over() {
		return errLifeEnded
	}
	return f(&tx{life: l})
}

// start begins what a master does by itself, until the life ends: the collector and the heartbeat.
func (l *life) start() {
	l.tellAll()
	l.pool.work.Go(l.collect)
	l.pool.work.Go(l.measureLoop)
	l.pool.work.Go(l.backUp)
	l.pool.work.Go(l.haMonitor)
}

// errLifeEnded is what work of a life gets after its end: nobody hears of it.
var errLifeEnded = &Failure{Code: "INTERNAL_ERROR", Params: []string{"xapi has ended"}}
