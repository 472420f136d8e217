package simulator

// poolRotation is the call that changes the secret by which the hosts of a pool know each other.
func poolRotation() map[string]behaviour {
	return map[string]behaviour{"pool.rotate_secret": poolRotateSecret}
}

// poolRotateSecret is pool.rotate_secret: with every host there, or not at all. No client sees the secret.
func poolRotateSecret(c *call) (any, error) {
	var hosts []string
	err := c.view(func(t *tx) error {
		hosts = t.all("host")
		return t.refuseUnderHA()
	})
	for _, host := range hosts {
		if err == nil {
			err = c.contact(host)
		}
	}
	return nil, err
}
