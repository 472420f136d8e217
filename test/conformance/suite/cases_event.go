package suite

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

func eventCases() []Case {
	return []Case{
		{Name: "events/from tells everything once, then what changed", Run: eventsFrom},
		{Name: "events/from waits as long as it is asked to", Run: fromWaits},
		{Name: "events/from of one object", Run: fromOne},
		{Name: "events/from counts what there is", Run: fromCounts},
		{Name: "events/from refuses a token that is none", Run: func(r *Run) error {
			return r.refused([]string{"EVENT_FROM_TOKEN_PARSE_FAILURE"}, "event.from", r.session, []string{"task"}, "x", 0.0)
		}},
		{Name: "events/next wants a registration", Run: nextWithoutRegister},
		{Name: "events/next tells what happened since", Run: eventsNext},
		{Name: "events/next tells a life in order", Run: nextInOrder},
		{Name: "events/next ends with its session", Run: nextEndsWithSession},
		{Name: "events/unregister", Run: unregister},
	}
}

// batch is one reply of event.from.
func (r *Run) batch(token string, wait float64) (events []map[string]any, next string, err error) {
	v, err := r.call("event.from", []string{"task"}, token, wait)
	if err != nil {
		return nil, "", err
	}
	reply, _ := v.(map[string]any)
	list, _ := reply["events"].([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		events = append(events, m)
	}
	next, _ = reply["token"].(string)
	return events, next, nil
}

// eventsFrom follows a task of its own through its life.
func eventsFrom(r *Run) error {
	_, token, err := r.batch("", 0)
	if err != nil {
		return err
	}
	task, err := r.text("task.create", "conformance", "")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	if token, err = r.await(token, task, "add"); err != nil {
		return err
	}
	if _, err := r.call("task.set_progress", task, 0.5); err != nil {
		return err
	}
	if token, err = r.await(token, task, "mod"); err != nil {
		return err
	}
	if _, err := r.call("task.destroy", task); err != nil {
		return err
	}
	_, err = r.await(token, task, "del")
	return err
}

// await reads batches until one has an event of an object.
func (r *Run) await(token, ref, operation string) (string, error) {
	for end := time.Now().Add(r.Patience); time.Now().Before(end); {
		events, next, err := r.batch(token, 2)
		if err != nil {
			return "", err
		}
		token = next
		for _, e := range events {
			if e["ref"] == ref && e["operation"] == operation {
				return token, nil
			}
		}
	}
	return "", fmt.Errorf("no %s of %s within %s", operation, ref, r.Patience)
}

func nextWithoutRegister(r *Run) error {
	return r.refused([]string{"SESSION_NOT_REGISTERED"}, "event.next", r.session)
}

func eventsNext(r *Run) error {
	if _, err := r.call("event.register", []string{"task"}); err != nil {
		return err
	}
	task, err := r.text("task.create", "conformance", "")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	for end := time.Now().Add(r.Patience); time.Now().Before(end); {
		v, err := r.call("event.next")
		if err != nil {
			return err
		}
		list, _ := v.([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			if m["ref"] != task {
				continue
			}
			snapshot, _ := m["snapshot"].(map[string]any)
			if m["operation"] != "add" || !strings.EqualFold(fmt.Sprint(m["class"]), "task") || snapshot["name_label"] != "conformance" {
				return fmt.Errorf("the first event of a new task is %v of %v with %v", m["operation"], m["class"], snapshot)
			}
			return nil
		}
	}
	return fmt.Errorf("no event of a new task within %s", r.Patience)
}

// fromWaits asks for events of an object that does not exist: there are none, and the wait is what was asked for.
func fromWaits(r *Run) error {
	begun := time.Now()
	v, err := r.call("event.from", []string{"task/" + noSuchObject}, "", 1.0)
	took := time.Since(begun)
	reply, _ := v.(map[string]any)
	events, _ := reply["events"].([]any)
	return unless(err, len(events) == 0 && took > 900*time.Millisecond && took < 10*time.Second,
		"%d events after %s where a second was asked for", len(events), took)
}

// fromOne follows one of two tasks.
func fromOne(r *Run) error {
	var tasks []string
	for range 2 {
		task, err := r.text("task.create", "conformance", "")
		if err != nil {
			return err
		}
		r.later("task.destroy", task)
		tasks = append(tasks, task)
	}
	v, err := r.call("event.from", []string{"task/" + tasks[0]}, "", 1.0)
	if err != nil {
		return err
	}
	reply, _ := v.(map[string]any)
	events, _ := reply["events"].([]any)
	if len(events) != 1 {
		return fmt.Errorf("%d events of one task", len(events))
	}
	event, _ := events[0].(map[string]any)
	snapshot, _ := event["snapshot"].(map[string]any)
	if event["ref"] != tasks[0] || event["class"] != "task" || event["operation"] != "add" || snapshot["name_label"] != "conformance" {
		return fmt.Errorf("the event of a new task is %v", event)
	}
	return nil
}

func fromCounts(r *Run) error {
	v, err := r.call("event.from", []string{"pool"}, "", 1.0)
	if err != nil {
		return err
	}
	reply, _ := v.(map[string]any)
	counts, _ := reply["valid_ref_counts"].(map[string]any)
	if counts["pool"] != "1" {
		return fmt.Errorf("valid_ref_counts has %v pools", counts["pool"])
	}
	all, err := r.call("host.get_all")
	return unless(err, counts["host"] == strconv.Itoa(len(texts(all))), "valid_ref_counts has %v hosts, host.get_all %v", counts["host"], all)
}

// nextInOrder follows a task of its own through its life: ids ascend, a del has its last state.
func nextInOrder(r *Run) error {
	if _, err := r.call("event.register", []string{"task"}); err != nil {
		return err
	}
	task, err := r.text("task.create", "conformance", "")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	if err := r.calls([]any{"task.set_progress", task, 0.5}, []any{"task.set_status", task, "success"}, []any{"task.destroy", task}); err != nil {
		return err
	}
	var seen []string
	last := int64(-1)
	for end := time.Now().Add(r.Patience); time.Now().Before(end); {
		v, err := r.call("event.next")
		if err != nil {
			return err
		}
		list, _ := v.([]any)
		for _, e := range list {
			m, _ := e.(map[string]any)
			id, err := strconv.ParseInt(fmt.Sprint(m["id"]), 10, 64)
			if err != nil || id <= last {
				return fmt.Errorf("event %v comes after %d", m["id"], last)
			}
			last = id
			if m["ref"] != task {
				continue
			}
			seen = append(seen, fmt.Sprint(m["operation"]))
			if m["operation"] == "del" {
				return lifeOfTask(seen, m["snapshot"])
			}
		}
	}
	return fmt.Errorf("no del of a task within %s, only %v", r.Patience, seen)
}

func lifeOfTask(seen []string, last any) error {
	snapshot, _ := last.(map[string]any)
	if seen[0] != "add" || len(seen) < 3 || strings.Count(strings.Join(seen, " "), "add") != 1 || snapshot["status"] != "success" {
		return fmt.Errorf("the events of a task are %v, and at the end it is %v", seen, snapshot["status"])
	}
	return nil
}

// nextEndsWithSession has somebody wait while the session is ended on another connection.
func nextEndsWithSession(r *Run) error {
	if _, err := r.call("event.register", []string{"task/" + noSuchObject}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- r.refused([]string{"SESSION_INVALID", r.session}, "event.next", r.session) }()
	select {
	case err := <-ended:
		return fmt.Errorf("event.next did not wait: %w", err)
	case <-time.After(500 * time.Millisecond): // until it waits on the server; that it does cannot be seen from outside
	}
	if _, err := r.call("session.logout"); err != nil {
		return err
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(r.Patience):
		return fmt.Errorf("event.next waits on, %s after its session has ended", r.Patience)
	}
}

// unregister takes one of two tasks away: what happens to it is not told any more.
func unregister(r *Run) error {
	var tasks, words []string
	for range 2 {
		task, err := r.text("task.create", "conformance", "")
		if err != nil {
			return err
		}
		r.later("task.destroy", task)
		tasks, words = append(tasks, task), append(words, "task/"+task)
	}
	err := r.calls([]any{"event.register", words}, []any{"event.unregister", words[:1]},
		[]any{"task.set_progress", tasks[0], 0.5}, []any{"task.set_progress", tasks[1], 0.5})
	if err != nil {
		return err
	}
	v, err := r.call("event.next")
	if err != nil {
		return err
	}
	list, _ := v.([]any)
	for _, e := range list {
		if m, _ := e.(map[string]any); m["ref"] != tasks[1] {
			return fmt.Errorf("an event of %v, for which the session is not registered", m["ref"])
		}
	}
	return nil
}
