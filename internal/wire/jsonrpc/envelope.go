package jsonrpc

import (
	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// response reads the envelope. xapi: {"jsonrpc":"2.0","result":…,"id":…} or {"jsonrpc":"2.0","error":{…},"id":…}, and in
// version 1.0 both, one of them null. The failure, if it is one, comes back.
func (d *decoder) response(into any) error {
	var failure *xen.Error
	valued := false
	member, more := "", false
	d.Frame(func() {
		if d.peek() != '{' {
			d.Fail(d.Pos, "an object expected")
			return
		}
		more = d.OpenStruct()
		member = string(d.Name)
	})
	for more && d.Err == nil {
		switch member {
		case "result":
			if valued { // of two, the second counts
				record.Clear(into)
			}
			valued = true
			d.Stream(into)
		case "error":
			d.Single(func() { failure = d.failure() })
		default:
			d.Single(d.Skip)
		}
		d.Frame(func() { more = d.NextMember(); member = string(d.Name) })
	}
	switch {
	case failure != nil:
		return failure
	case !valued && d.Bad == nil:
		return &TypeError{Offset: d.Offset(d.Pos), What: "neither result nor error"}
	}
	return nil
}

// failure reads a failure, or the null that stands for none. xapi: a list of code and parameters, or an object with the
// code as its message and the parameters as its data; which of them does not follow from the version.
func (d *decoder) failure() *xen.Error {
	start := d.Pos
	var words []string
	switch d.peek() {
	case '[':
		d.Value(&words)
	case '{':
		words = []string{""}
		for ok := d.OpenStruct(); ok; ok = d.NextMember() {
			switch string(d.Name) {
			case "message":
				words[0] = d.String()
			case "data":
				words = append(words[:1], d.parameters()...)
			default:
				d.Skip()
			}
		}
	default:
		if d.Absent() {
			return nil
		}
		d.Skip()
	}
	if len(words) == 0 || words[0] == "" {
		d.Mismatch(start, "a failure without a code")
		return nil
	}
	return &xen.Error{Code: xen.ErrorCode(words[0]), Params: words[1:]}
}

// parameters reads the parameters of a failure; other servers put anything there.
func (d *decoder) parameters() (words []string) {
	if d.peek() != '[' {
		d.Skip()
		return nil
	}
	for ok := d.OpenArray(); ok; ok = d.NextItem() {
		if d.peek() == '"' {
			words = append(words, d.String())
		} else {
			d.Skip()
		}
	}
	return words
}
