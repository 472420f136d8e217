package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const noSuchObject = "OpaqueRef:00000000-0000-0000-0000-00000000dead"

// Cases lists the whole suite.
func Cases() []Case {
	return []Case{
		{Name: "login/wrong password", Run: wrongPassword},
		{Name: "login/too few parameters", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "session.login_with_password"}, "session.login_with_password", "x")
		}},
		{Name: "login/logout ends the session", Run: logsOut},
		{Name: "session/unknown", Run: func(r *Run) error {
			return r.refused([]string{"SESSION_INVALID", noSuchObject}, "VM.get_all", noSuchObject)
		}},
		{Name: "dispatch/unknown method", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_METHOD_UNKNOWN", "VM.fly"}, "VM.fly", r.session)
		}},
		{Name: "dispatch/parameters are counted before the session is looked at", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.start", "3", "0"}, "VM.start", noSuchObject)
		}},
		{Name: "dispatch/wrong type", Run: func(r *Run) error {
			return r.refused([]string{"INTERNAL_ERROR"}, "VM.start", r.session, noSuchObject, "yes", false)
		}},
		{Name: "objects/unknown reference", Run: func(r *Run) error {
			return r.refused([]string{"HANDLE_INVALID", "VM", noSuchObject}, "VM.get_record", r.session, noSuchObject)
		}},
		{Name: "objects/unknown uuid", Run: func(r *Run) error {
			return r.refused([]string{"UUID_INVALID", "VM", "none"}, "VM.get_by_uuid", r.session, "none")
		}},
		{Name: "objects/lists, records and getters agree", Run: gettersAgree},
		{Name: "objects/one pool, whose master is a host", Run: poolHasMaster},
		{Name: "objects/make, change, destroy", Run: secretLives},
		{Name: "maps/keys", Run: mapKeys},
		{Name: "strings/come back as they went", Run: strange},
		{Name: "tasks/made by a client", Run: ownTask},
		{Name: "tasks/a failure is in the task", Run: failingTask},
		{Name: "tasks/no async form", Run: func(r *Run) error {
			return r.refused([]string{"Fault"}, "Async.VM.get_name_label", r.session, noSuchObject)
		}},
		{Name: "events/from tells everything once, then what changed", Run: eventsFrom},
		{Name: "events/next wants a registration", Run: nextWithoutRegister},
		{Name: "events/next tells what happened since", Run: eventsNext},
		{Name: "vm/start, pause, unpause, stop", NeedsVM: true, Run: vmLives},
		{Name: "vm/asynchronous start and stop", NeedsVM: true, Run: vmTasks},
	}
}

func wrongPassword(r *Run) error {
	return r.refused([]string{"SESSION_AUTHENTICATION_FAILED", r.Username}, "session.login_with_password", r.Username, r.Password+"x", "1.0", "xapi-conformance")
}

func logsOut(r *Run) error {
	if _, err := r.call("session.logout"); err != nil {
		return err
	}
	return r.refused([]string{"SESSION_INVALID"}, "VM.get_all", r.session)
}

// gettersAgree looks at every class that clients list. Objects of others may come and go meanwhile: what is asked about
// is forgiven when it has gone.
func gettersAgree(r *Run) error {
	for _, class := range []string{"pool", "host", "VM", "SR", "VDI", "VBD", "VIF", "network", "PIF", "PBD"} {
		v, err := r.call(class + ".get_all_records")
		if err != nil {
			return fmt.Errorf("%s.get_all_records: %w", class, err)
		}
		records, _ := v.(map[string]any)
		if v, err = r.call(class + ".get_all"); err != nil {
			return fmt.Errorf("%s.get_all: %w", class, err)
		}
		for _, ref := range texts(v) {
			record, ok := records[ref].(map[string]any)
			if !ok {
				continue
			}
			uuid, err := r.text(class+".get_uuid", ref)
			if f, gone := errors.AsType[*Failure](err); gone && f.Code() == "HANDLE_INVALID" {
				continue
			}
			if err != nil {
				return err
			}
			if uuid != record["uuid"] {
				return fmt.Errorf("%s %s has the uuid %s, and %v in its record", class, ref, uuid, record["uuid"])
			}
			back, err := r.text(class+".get_by_uuid", uuid)
			if err != nil || back != ref {
				return fmt.Errorf("%s.get_by_uuid(%s) is %s, %v: want %s", class, uuid, back, err, ref)
			}
			break // one of each class
		}
	}
	return nil
}

func poolHasMaster(r *Run) error {
	v, err := r.call("pool.get_all")
	if err != nil {
		return err
	}
	pools := texts(v)
	if len(pools) != 1 {
		return fmt.Errorf("%d pools", len(pools))
	}
	master, err := r.text("pool.get_master", pools[0])
	if err != nil {
		return err
	}
	if v, err = r.call("host.get_all"); err != nil {
		return err
	}
	if !slices.Contains(texts(v), master) {
		return fmt.Errorf("the master %s is none of the hosts", master)
	}
	return nil
}

// makeSecret makes an object that means nothing to anybody else.
func (r *Run) makeSecret() (string, error) {
	v, err := r.raw("secret.create", r.session, map[string]string{"value": "conformance"})
	if err != nil {
		return "", fmt.Errorf("secret.create: %w", err)
	}
	ref, _ := v.(string)
	r.later("secret.destroy", ref)
	return ref, nil
}

func secretLives(r *Run) error {
	ref, err := r.makeSecret()
	if err != nil {
		return err
	}
	if _, err := r.call("secret.set_value", ref, "other"); err != nil {
		return err
	}
	if got, err := r.text("secret.get_value", ref); err != nil || got != "other" {
		return fmt.Errorf("the value is %q after it was set, %v", got, err)
	}
	if _, err := r.call("secret.destroy", ref); err != nil {
		return err
	}
	return r.refused([]string{"HANDLE_INVALID", "secret", ref}, "secret.get_value", r.session, ref)
}

func mapKeys(r *Run) error {
	ref, err := r.makeSecret()
	if err != nil {
		return err
	}
	if _, err := r.call("secret.add_to_other_config", ref, "k", "1"); err != nil {
		return err
	}
	if err := r.refused([]string{"MAP_DUPLICATE_KEY", "secret", "other_config", ref, "k"}, "secret.add_to_other_config", r.session, ref, "k", "1"); err != nil {
		return err
	}
	for range 2 { // removing what is not there is no error
		if _, err := r.call("secret.remove_from_other_config", ref, "k"); err != nil {
			return err
		}
	}
	v, err := r.call("secret.get_other_config", ref)
	if m, ok := v.(map[string]any); err != nil || !ok && v != "" || len(m) != 0 {
		return fmt.Errorf("other_config is %v, %v", v, err)
	}
	return nil
}

func strange(r *Run) error {
	ref, err := r.makeSecret()
	if err != nil {
		return err
	}
	for _, s := range []string{"<&>\"'", "äöü € 𝄞", " spaces around ", "a]]>b", ""} {
		if _, err := r.call("secret.set_value", ref, s); err != nil {
			return fmt.Errorf("%q: %w", s, err)
		}
		if got, err := r.text("secret.get_value", ref); err != nil || got != s {
			return fmt.Errorf("%q came back as %q, %v", s, got, err)
		}
	}
	return nil
}

func ownTask(r *Run) error {
	task, err := r.text("task.create", "conformance", "made by a test")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	if got, err := r.text("task.get_status", task); err != nil || got != "pending" {
		return fmt.Errorf("a new task is %q, %v", got, err)
	}
	if _, err := r.call("task.set_status", task, "success"); err != nil {
		return err
	}
	if got, err := r.text("task.get_status", task); err != nil || got != "success" {
		return fmt.Errorf("the task is %q after it was ended, %v", got, err)
	}
	if _, err := r.call("task.destroy", task); err != nil {
		return err
	}
	return r.refused([]string{"HANDLE_INVALID", "task", task}, "task.get_status", r.session, task)
}

func failingTask(r *Run) error {
	task, err := r.text("Async.VM.start", noSuchObject, false, false)
	if err != nil {
		return err
	}
	record, err := r.waitTask(task)
	if err != nil {
		return err
	}
	info := texts(record["error_info"])
	if record["status"] != "failure" || len(info) < 3 || info[0] != "HANDLE_INVALID" || info[1] != "VM" || info[2] != noSuchObject {
		return fmt.Errorf("the task is %v with %v", record["status"], info)
	}
	if record["name_label"] != "Async.VM.start" {
		return fmt.Errorf("the task is called %v", record["name_label"])
	}
	return nil
}

// batch is one reply of event.from.
func (r *Run) batch(token string, wait float64) (events []map[string]any, next string, err error) {
	v, err := r.call("event.from", []string{"task"}, token, wait)
	if err != nil {
		return nil, "", fmt.Errorf("event.from: %w", err)
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
			return fmt.Errorf("event.next: %w", err)
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
