package xmlrpc

import (
	"fmt"

	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// response reads the envelope. xapi: <methodResponse><params><param> and a struct of Status with Value or
// ErrorDescription; system.listMethods alone has its value without that struct. The failure, if it is one, comes back.
func (d *decoder) response(into any) error {
	var fault, enveloped bool
	d.Frame(func() {
		d.prolog()
		if d.want("<methodResponse>") {
			if fault = d.eat("<fault>"); !fault {
				enveloped = d.want("<params>") && d.want("<param>") && d.want("<value>") && d.eat("<struct")
			}
		}
	})
	if fault {
		return d.fault()
	}
	var err error
	if enveloped {
		err = d.result(into)
	} else {
		d.Stream(into)
	}
	d.Frame(func() { _ = d.closeValue() && d.want("</param>") && d.want("</params>") && d.want("</methodResponse>") })
	return err
}

// prolog skips <?xml …?>. A document type is refused by what follows.
func (d *decoder) prolog() {
	d.space()
	if d.at("\ufeff") {
		d.Pos += len("\ufeff")
	}
	if d.at("<?xml") {
		d.until("?>")
	}
}

// outcome is what the envelope holds beside the value.
type outcome struct {
	status  string
	failure []string
	valued  bool
}

// result reads the struct that is the envelope, behind "<struct".
func (d *decoder) result(into any) error {
	var o outcome
	member, more := "", false
	d.Frame(func() {
		if more = d.want(">"); more {
			d.Enter()
			more = d.openMember()
		}
		member = string(d.Name)
	})
	for more && d.Err == nil {
		switch member {
		case "Status":
			d.Frame(func() { o.status = d.String() })
		case "Value":
			if o.valued { // of two, the second counts
				record.Clear(into)
			}
			o.valued = true
			d.Stream(into)
		case "ErrorDescription":
			d.Single(func() { d.Other(&o.failure) })
		default:
			d.Single(d.Skip)
		}
		d.Frame(func() { more = d.NextMember(); member = string(d.Name) })
	}
	return o.err(d.Offset(d.Pos))
}

// err is the failure, or what is wrong with the envelope that ended at offset.
func (o *outcome) err(offset int) error {
	switch {
	case o.status == "Success" && o.valued:
		return nil
	case o.status == "Success":
		return &TypeError{Offset: offset, What: "a success without Value"}
	case o.status == "Failure" && len(o.failure) > 0 && o.failure[0] != "":
		return &xen.Error{Code: xen.ErrorCode(o.failure[0]), Params: o.failure[1:]}
	case o.status == "Failure":
		return &TypeError{Offset: offset, What: "a failure without a code"}
	}
	return &TypeError{Offset: offset, What: fmt.Sprintf("the Status is %q, neither Success nor Failure", clip([]byte(o.status)))}
}

// fault reads an XML-RPC fault. xapi never sends one; what stands before it may.
func (d *decoder) fault() error {
	var code, text string
	d.Single(func() {
		if !d.want("<value>") {
			return
		}
		for ok := d.OpenStruct(); ok; ok = d.NextMember() {
			switch string(d.Name) {
			case "faultCode":
				code = d.String()
			case "faultString":
				text = d.String()
			default:
				d.Skip()
			}
		}
		_ = d.closeValue() && d.want("</fault>") && d.want("</methodResponse>")
	})
	return &xen.Error{Code: "Fault", Params: []string{code, text}}
}
