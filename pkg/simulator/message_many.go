package simulator

import (
	"slices"
	"strconv"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/xapid"
)

// messageSweeps are the calls that destroy many alerts.
func messageSweeps() map[string]behaviour {
	return map[string]behaviour{
		"message.destroy_many": destroyMessages,
		"message.destroy_all":  destroyAllMessages,
	}
}

// destroyMessages is message.destroy_many: one after the other, until one is not there.
func destroyMessages(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		for _, ref := range wordsOf(c.members(0)) {
			if err := t.must("message", ref); err != nil {
				return err
			}
			t.destroy("message", ref)
		}
		return nil
	})
}

// destroyAllMessages is message.destroy_all: those that every filter fits, "before", "after" and "priority".
func destroyAllMessages(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		for _, ref := range slices.Clone(t.all("message")) {
			fits, err := messageFits(t.record("message", ref), c.dict(0))
			if err != nil {
				return err
			}
			if fits {
				t.destroy("message", ref)
			}
		}
		return nil
	})
}

func messageFits(r *record, filters Map) (bool, error) {
	at := r.get("timestamp").(time.Time)
	for _, f := range filters {
		word, _ := f.Value.(string)
		when, err := time.Parse(xapid.TimeLayout, word)
		switch f.Key {
		case "before", "after":
			if err != nil {
				return false, fail("INVALID_VALUE", f.Key, word)
			}
			if f.Key == "before" && !at.Before(when) || f.Key == "after" && !at.After(when) {
				return false, nil
			}
		case "priority":
			n, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				return false, fail("INVALID_VALUE", f.Key, word)
			}
			if r.get("priority") != n {
				return false, nil
			}
		default:
			return false, fail("INVALID_VALUE", "filters", f.Key)
		}
	}
	return true, nil
}
