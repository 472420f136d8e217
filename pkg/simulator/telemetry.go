package simulator

import "time"

// poolTelemetry are the calls about what a pool tells its maker of itself.
func poolTelemetry() map[string]behaviour {
	return map[string]behaviour{
		"pool.set_telemetry_next_collection": poolNextTelemetry,
		"pool.reset_telemetry_uuid":          poolResetTelemetry,
	}
}

// poolNextTelemetry is pool.set_telemetry_next_collection. xapi: within the next six weeks.
func poolNextTelemetry(c *call) (any, error) {
	at, _ := c.params[1].(time.Time)
	if now := time.Now(); at.Before(now) || at.After(now.AddDate(0, 0, 42)) {
		return nil, fail("TELEMETRY_NEXT_COLLECTION_TOO_LATE", at.UTC().Format("20060102T15:04:05Z"))
	}
	return nil, c.writeField("telemetry_next_collection")
}

// poolResetTelemetry is pool.reset_telemetry_uuid: a new secret takes the place of the old one.
func poolResetTelemetry(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		pool := c.str(0)
		if err := t.must("pool", pool); err != nil {
			return err
		}
		old := t.str("pool", pool, "telemetry_uuid")
		t.set("pool", pool, "telemetry_uuid", t.create("secret", values{"value": t.life.pool.newUUID()}))
		t.destroy("secret", old)
		return nil
	})
}
