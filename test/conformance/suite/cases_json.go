package suite

import (
	"fmt"
	"net/http"
)

func jsonCases() []Case {
	return []Case{
		{Name: "json/version 2", Run: func(r *Run) error { return r.jsonAnswers(true) }},
		{Name: "json/version 1", Run: func(r *Run) error { return r.jsonAnswers(false) }},
		{Name: "json/types", Run: jsonTypes},
		{Name: "json/a session is good on both", Run: jsonSession},
		{Name: "json/no other version", Run: func(r *Run) error {
			return r.wantStatus(http.StatusInternalServerError, "/jsonrpc", "application/json", `{"jsonrpc":"3.0","method":"pool.get_all","params":[],"id":1}`)
		}},
		{Name: "json/what is no JSON is no failure but an HTTP 500", Run: func(r *Run) error {
			return r.wantStatus(http.StatusInternalServerError, "/jsonrpc", "application/json", `{"jsonrpc":`)
		}},
	}
}

// jsonAnswers makes a call that succeeds and one that fails, with ids that are a number and a text.
func (r *Run) jsonAnswers(two bool) error {
	for _, id := range []any{float64(7), "seven"} {
		reply, err := r.Caller.JSON(r.ctx, two, id, "pool.get_all", r.session)
		if err != nil {
			return err
		}
		pools, ok := reply["result"].([]any)
		if !ok || len(pools) != 1 || reply["id"] != id || (reply["jsonrpc"] == "2.0") != two {
			return fmt.Errorf("pool.get_all answered %v", reply)
		}
	}
	reply, err := r.Caller.JSON(r.ctx, two, "x", "VM.get_record", r.session, noSuchObject)
	if err != nil {
		return err
	}
	want := "[HANDLE_INVALID VM " + noSuchObject + "]"
	got := fmt.Sprint(reply["error"])
	if two {
		e, _ := reply["error"].(map[string]any)
		got = fmt.Sprint(append([]any{e["message"]}, toList(e["data"])...))
		if e["code"] != float64(1) {
			return fmt.Errorf("the error's code is %v", e["code"])
		}
	}
	if got != want || reply["id"] != "x" {
		return fmt.Errorf("VM.get_record of nothing answered %v", reply)
	}
	return nil
}

func toList(v any) []any {
	list, _ := v.([]any)
	return list
}

// jsonTypes looks at a task of its own: numbers are numbers, times are texts, maps are objects also when they are empty.
func jsonTypes(r *Run) error {
	task, err := r.text("task.create", "conformance", "")
	if err != nil {
		return err
	}
	r.later("task.destroy", task)
	reply, err := r.Caller.JSON(r.ctx, true, "x", "task.get_record", r.session, task)
	if err != nil {
		return err
	}
	record, _ := reply["result"].(map[string]any)
	_, number := record["progress"].(float64)
	_, object := record["other_config"].(map[string]any)
	_, list := record["subtasks"].([]any)
	created, _ := record["created"].(string)
	if !number || !object || !list || len(created) < len("20060102T15:04:05Z") {
		return fmt.Errorf("the record of a task is %v", record)
	}
	return nil
}

func jsonSession(r *Run) error {
	reply, err := r.Caller.JSON(r.ctx, true, "x", "session.login_with_password", r.Username, r.Password, "1.0", originator)
	if err != nil {
		return err
	}
	session, _ := reply["result"].(string)
	if _, err := r.raw("pool.get_all", session); err != nil {
		return fmt.Errorf("XML-RPC with a session of JSON-RPC: %w", err)
	}
	reply, err = r.Caller.JSON(r.ctx, false, "x", "session.logout", session)
	if err := unless(err, reply["error"] == nil, "session.logout answered %v", reply); err != nil {
		return err
	}
	return r.refused([]string{"SESSION_INVALID"}, "pool.get_all", session)
}
