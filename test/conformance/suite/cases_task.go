package suite

import (
	"fmt"
	"slices"
	"strings"
)

func taskCases() []Case {
	return []Case{
		{Name: "tasks/made by a client", Run: ownTask},
		{Name: "tasks/notes of a client", Run: taskNotes},
		{Name: "tasks/a failure is in the task", Run: failingTask},
		{Name: "tasks/a result is in the task", Run: resultOfTask},
		{Name: "tasks/no async form", Run: func(r *Run) error {
			return r.refused([]string{"Fault"}, "Async.VM.get_name_label", r.session, noSuchObject)
		}},
		{Name: "tasks/checks come before the task", Run: func(r *Run) error {
			return r.refused([]string{"MESSAGE_PARAMETER_COUNT_MISMATCH", "VM.start"}, "Async.VM.start", r.session)
		}},
	}
}

func ownTask(r *Run) error {
	task, err := r.text("task.create", "conformance", "made by a test")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	if err := r.wantText("pending", "task.get_status", task); err != nil {
		return err
	}
	if _, err := r.call("task.set_status", task, "success"); err != nil {
		return err
	}
	if err := r.wantText("success", "task.get_status", task); err != nil {
		return err
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

// taskNotes writes what clients mark their tasks with.
func taskNotes(r *Run) error {
	task, err := r.text("task.create", "conformance", "")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	if _, err := r.call("task.add_to_other_config", task, "conformance", "1"); err != nil {
		return err
	}
	if err := r.refused([]string{"MAP_DUPLICATE_KEY", "task"}, "task.add_to_other_config", r.session, task, "conformance", "1"); err != nil {
		return err
	}
	if _, err := r.call("task.set_progress", task, 0.25); err != nil {
		return err
	}
	v, err := r.call("task.get_record", task)
	record, _ := v.(map[string]any)
	notes, _ := record["other_config"].(map[string]any)
	return unless(err, notes["conformance"] == "1" && record["progress"] == "0.25",
		"the task has other_config %v and progress %v", record["other_config"], record["progress"])
}

// resultOfTask makes an object asynchronously: the task's result is its reference, as a value of XML-RPC.
func resultOfTask(r *Run) error {
	v, err := r.raw("Async.secret.create", r.session, map[string]string{"value": "conformance"})
	if err != nil {
		return err
	}
	task, _ := v.(string)
	record, err := r.waitTask(task)
	if err != nil {
		return err
	}
	result, _ := record["result"].(string)
	ref := strings.TrimSuffix(strings.TrimPrefix(result, "<value>"), "</value>")
	r.later("secret.destroy", ref)
	if record["status"] != "success" || result != "<value>"+ref+"</value>" || record["progress"] != "1." && record["progress"] != "1" {
		return fmt.Errorf("the task ended as %v with %q and progress %v", record["status"], result, record["progress"])
	}
	if err := r.wantText("conformance", "secret.get_value", ref); err != nil {
		return err
	}
	v, err = r.call("host.get_all")
	host, _ := record["resident_on"].(string)
	return unless(err, slices.Contains(texts(v), host) && record["name_label"] == "Async.secret.create",
		"the task %v is resident on %s, which is no host", record["name_label"], host)
}
