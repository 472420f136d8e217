package simulator

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// messageBehaviours are the calls of class message (alerts), which xapi keeps in files: its generic calls are its own.
func messageBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"message.create":                createMessage,
		"message.destroy":               destruct,
		"message.get_by_uuid":           getByUUID,
		"message.get_record":            getRecord,
		"message.get_all_records_where": messagesWhere,
		"message.get_all":               allMessages,
		"message.get_all_records":       func(c *call) (any, error) { l, err := c.messages(nil); return recordList(l), err },
		"message.get":                   messagesOf,
		"message.get_since":             messagesSince,
	}
}

// createMessage posts an alert about an object that must exist. xapi: create(name, priority, class, object's uuid, body).
func createMessage(c *call) (any, error) {
	var ref string
	err := c.update(func(t *tx) error {
		if class := t.alertClass(c.str(2)); class != "" && len(t.find(class, "uuid", c.str(3))) == 0 {
			return fail("UUID_INVALID", class, c.str(3))
		}
		ref = t.create("message", values{
			"name": c.str(0), "priority": c.num(1), "cls": c.str(2), "obj_uuid": c.str(3),
			"body": c.str(4), "timestamp": t.now(),
		})
		return nil
	})
	return ref, err
}

// alertClass is the class that a word of message.cls stands for: "Host" is host; "" for what is no class.
func (t *tx) alertClass(word string) string {
	for name := range t.life.db.tables {
		if strings.EqualFold(name, word) {
			return name
		}
	}
	return ""
}

// allMessages lists the references, oldest first: the one list of messages that xapi does not turn round.
func allMessages(c *call) (any, error) {
	list, err := c.messages(nil)
	slices.Reverse(list)
	return refList(list), err
}

func messagesWhere(c *call) (any, error) {
	f, err := parseFilter(c.str(0))
	if err != nil {
		return nil, err
	}
	var bad error
	list, err := c.messages(func(r *record) bool {
		ok, err := f.matches(r)
		bad = cmp.Or(bad, err)
		return ok
	})
	return recordList(list), cmp.Or(err, bad)
}

func messagesOf(c *call) (any, error) {
	list, err := c.messages(func(r *record) bool {
		return r.get("cls") == c.params[0] && r.get("obj_uuid") == c.params[1] && !r.get("timestamp").(time.Time).Before(c.params[2].(time.Time))
	})
	return recordList(list), err
}

func messagesSince(c *call) (any, error) {
	list, err := c.messages(func(r *record) bool {
		return !r.get("timestamp").(time.Time).Before(c.params[0].(time.Time))
	})
	return recordList(list), err
}

// messages lists alerts, newest first.
func (c *call) messages(keep func(*record) bool) (list []*record, err error) {
	err = c.view(func(t *tx) error {
		rows := slices.Clone(t.table("message").sorted())
		slices.SortStableFunc(rows, func(a, b *row) int { return cmp.Compare(b.created, a.created) })
		for _, r := range rows {
			if keep == nil || keep(r.now) {
				list = append(list, r.now)
			}
		}
		return nil
	})
	return list, err
}
