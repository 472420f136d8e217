package simulator

// changePassword does not look at the old password: the caller is local root. Every host that can be reached gets the new
// one; the others fetch it when they next report to their master.
func changePassword(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("session", c.session); err != nil {
			return err
		}
		t.life.master.password = c.str(1)
		for _, m := range c.pool.members {
			if t.life.follower(m) {
				m.password = c.str(1)
			}
		}
		return nil
	})
}
