package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

func recordCases() []Case {
	return []Case{
		{Name: "objects/unknown reference", Run: func(r *Run) error {
			return r.refused([]string{"HANDLE_INVALID", "VM", noSuchObject}, "VM.get_record", r.session, noSuchObject)
		}},
		{Name: "objects/unknown reference of a setter", Run: func(r *Run) error {
			return r.refused([]string{"HANDLE_INVALID", "secret", noSuchObject}, "secret.set_value", r.session, noSuchObject, "x")
		}},
		{Name: "objects/unknown uuid", Run: func(r *Run) error {
			return r.refused([]string{"UUID_INVALID", "VM", "none"}, "VM.get_by_uuid", r.session, "none")
		}},
		{Name: "objects/unknown name", Run: func(r *Run) error {
			v, err := r.call("VM.get_by_name_label", noSuchObject)
			return unless(err, len(texts(v)) == 0, "VM.get_by_name_label of no VM's name is %v", v)
		}},
		{Name: "objects/lists, records and getters agree", Run: gettersAgree},
		{Name: "objects/one pool, whose master is a host", Run: poolHasMaster},
		{Name: "objects/make, change, destroy", Run: secretLives},
		{Name: "objects/the record is its fields", Run: recordIsFields},
		{Name: "objects/where", Run: recordsWhere},
		{Name: "maps/keys", Run: mapKeys},
		{Name: "maps/as a whole", Run: wholeMap},
		{Name: "strings/come back as they went", Run: strange},
	}
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
			if err := r.wantText(ref, class+".get_by_uuid", uuid); err != nil {
				return err
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
	if err := r.wantText("other", "secret.get_value", ref); err != nil {
		return err
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
	m, ok := v.(map[string]any)
	return unless(err, (ok || v == "") && len(m) == 0, "other_config is %v", v)
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
		if err := r.wantText(s, "secret.get_value", ref); err != nil {
			return err
		}
	}
	return nil
}

// recordIsFields compares a record with its getters, and the forms that references and uuids have.
func recordIsFields(r *Run) error {
	ref, err := r.makeSecret()
	if err != nil {
		return err
	}
	v, err := r.call("secret.get_record", ref)
	if err != nil {
		return err
	}
	record, _ := v.(map[string]any)
	for _, name := range []string{"uuid", "value"} {
		if err := r.wantText(fmt.Sprint(record[name]), "secret.get_"+name, ref); err != nil {
			return err
		}
	}
	uuid, _ := record["uuid"].(string)
	if !strings.HasPrefix(ref, "OpaqueRef:") || len(uuid) != 36 || ref == "OpaqueRef:"+uuid {
		return fmt.Errorf("the reference is %s and the uuid %s", ref, uuid)
	}
	return r.wantText(ref, "secret.get_by_uuid", uuid)
}

// recordsWhere asks for the one object that has a uuid in several ways.
func recordsWhere(r *Run) error {
	ref, err := r.makeSecret()
	if err != nil {
		return err
	}
	uuid, err := r.text("secret.get_uuid", ref)
	if err != nil {
		return err
	}
	mine := `field "uuid" = "` + uuid + `"`
	for expression, want := range map[string]bool{
		mine: true, `(` + mine + `) and (field "value" = "conformance")`: true, `not (` + mine + `)`: false,
		`(` + mine + `) and (field "value" = "other")`: false, `(` + mine + `) or false`: true, "true": true, "false": false,
	} {
		v, err := r.call("secret.get_all_records_where", expression)
		if err != nil {
			return fmt.Errorf("secret.get_all_records_where(%s): %w", expression, err)
		}
		records, _ := v.(map[string]any)
		if _, found := records[ref]; found != want || strings.HasPrefix(expression, `field`) && len(records) != 1 {
			return fmt.Errorf("%s finds %d secrets, ours: %t", expression, len(records), found)
		}
	}
	return r.refused(nil, "secret.get_all_records_where", r.session, `field "uuid" = `)
}

func wholeMap(r *Run) error {
	ref, err := r.makeSecret()
	if err != nil {
		return err
	}
	want := map[string]string{"a": "1", "b": "", "c/d": "<x>"}
	if _, err := r.call("secret.set_other_config", ref, want); err != nil {
		return err
	}
	v, err := r.call("secret.get_other_config", ref)
	got, _ := v.(map[string]any)
	if err := unless(err, len(got) == len(want), "other_config is %v", v); err != nil {
		return err
	}
	for k, w := range want {
		if got[k] != w {
			return fmt.Errorf("other_config:%s is %v, want %q", k, got[k], w)
		}
	}
	return nil
}
