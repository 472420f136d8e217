package simulator

import "time"

// handover is how long the old master serves on after it has answered pool.designate_new_master. xapi: about 7 s; here
// just long enough for the answer to be read, or Model.Boot if that is longer.
const handover = 100 * time.Millisecond

// poolBehaviours are the calls of class pool that do more than read and write a field.
func poolBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"pool.designate_new_master": designateMaster,
		"pool.sync_database":        func(*call) (any, error) { return nil, nil }, // every member has the database
	}
}

// designateMaster is pool.designate_new_master: another member takes over, with a new life of the same database. xapi:
// it answers first; all connections break after.
func designateMaster(c *call) (any, error) {
	host, already := c.str(0), false
	err := c.contact(host)
	if err == nil {
		err = c.view(func(t *tx) error { already = host == t.masterHost(); return nil })
	}
	if err != nil || already {
		return nil, err
	}
	p, l := c.pool, c.life
	p.work.Go(func() {
		timer := time.NewTimer(max(handover, p.model.Boot))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.done():
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, m := range p.members {
			if m.host == host && m.state == memberUp && !l.over() {
				p.promote(m)
				return
			}
		}
	})
	return nil, nil
}
