package simulator

// taskBehaviours are the calls of class task that do more than read and write a field.
func taskBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"task.create":         createTask,
		"task.destroy":        onTask(destroyTask),
		"task.cancel":         onTask(cancelTask),
		"task.set_status":     setTaskField("status"),
		"task.set_progress":   setTaskField("progress"),
		"task.set_result":     setTaskField("result"),
		"task.set_error_info": setTaskField("error_info"),
	}
}

// createTask makes a task that its client ends.
func createTask(c *call) (any, error) {
	var ref string
	err := c.update(func(t *tx) error {
		ref = t.create("task", values{
			"name_label": c.str(0), "name_description": c.str(1), "status": "pending",
			"created": t.now(), "resident_on": t.masterHost(), "type": "<none/>", "session": c.session,
		})
		return nil
	})
	return ref, err
}

// onTask is a call on a task that exists and that the session may touch.
func onTask(f func(t *tx, ref string) error) behaviour {
	return func(c *call) (any, error) {
		ref := c.str(0)
		if err := c.view(func(t *tx) error { return t.must("task", ref) }); err != nil {
			return nil, err
		}
		if err := c.mayTouchTask(ref); err != nil {
			return nil, err
		}
		return nil, c.update(func(t *tx) error {
			if err := t.must("task", ref); err != nil {
				return err
			}
			return f(t, ref)
		})
	}
}

// destroyTask deletes a task that has ended, and only marks one that has not: the collector deletes it after its end.
func destroyTask(t *tx, ref string) error {
	if t.str("task", ref, "status") != "pending" || t.life.tasks[ref] == nil {
		t.destroy("task", ref)
		return nil
	}
	return t.addTo("task", ref, "current_operations", "task", "destroy")
}

// cancelTask asks a task to end. It is a wish: the work heeds it or not. The entry in current_operations replaces
// whatever stood there.
func cancelTask(t *tx, ref string) error {
	mark := "DummyRef:|" + t.life.pool.newUUID() + "|task.cancel"
	t.set("task", ref, "current_operations", Map{{Key: mark, Value: "cancel"}})
	if r := t.life.tasks[ref]; r != nil && !r.asked {
		r.asked = true
		close(r.cancelled)
	}
	return nil
}

func setTaskField(field string) behaviour {
	return func(c *call) (any, error) {
		return nil, c.update(func(t *tx) error {
			if err := t.must("task", c.str(0)); err != nil {
				return err
			}
			t.set("task", c.str(0), field, c.params[1])
			return nil
		})
	}
}
