package xmlrpc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// MaxReply is the longest reply that is read, in bytes. A record of a VM takes some 12,000.
const MaxReply = 1 << 28

// ErrTooLong is a reply beyond [MaxReply].
var ErrTooLong = fmt.Errorf("the reply is longer than %d MiB", MaxReply>>20)

// DecodeReply reads a whole reply and decodes its value into what into points to: the T of a xen.Message[T], or nil for
// a result that nobody wants. A xen.ObjectList has to say its Class.
//
// Errors: a failure that the server reports is an [*xen.Error] without Method; a reply that is not XML-RPC is a
// [*SyntaxError]; a value of another kind than wanted is a [*TypeError]; anything else is r's own. After an error the
// target is zero.
//
// A reader that has a method Len() int, as bytes.Reader has, is believed in how much is to come, within reason.
func DecodeReply(r io.Reader, into any) error {
	body, err := readAll(r)
	if err != nil {
		return err
	}
	if err := decode(body, into); err != nil {
		clearTarget(into)
		return err
	}
	return nil
}

// maxBelieved is how much memory is made ready on a reader's word alone.
const maxBelieved = 32 << 20

// firstLook is how much of a reply is read before its beginning is looked at.
const firstLook = 64 << 10

// readAll reads up to MaxReply bytes. What is plainly no reply is given up after a first look, whatever its length.
func readAll(r io.Reader) ([]byte, error) {
	var b bytes.Buffer
	if sized, ok := r.(interface{ Len() int }); ok {
		b.Grow(min(sized.Len(), maxBelieved) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(r, firstLook))
	if err != nil {
		return nil, err
	}
	if n == firstLook {
		if err := lookAt(b.Bytes()); err != nil {
			return nil, err
		}
		more, err := b.ReadFrom(io.LimitReader(r, MaxReply+1-n))
		if err != nil {
			return nil, err
		}
		n += more
	}
	if n > MaxReply {
		return nil, ErrTooLong
	}
	return b.Bytes(), nil
}

// lookAt refuses the beginning of a document that can never become a reply: it starts with something else, or opens
// more values than may nest without closing one.
func lookAt(head []byte) error {
	d := &decoder{data: head}
	d.prolog()
	d.want("<methodResponse>")
	opened := bytes.Count(head, []byte("<value>")) - bytes.Count(head, []byte("</value>"))
	if opened > 2*maxDepth {
		d.failAt(len(head), "values nest deeper than %d levels", maxDepth)
	}
	if d.err != nil {
		return d.err
	}
	return nil
}

// clearTarget takes back what was decoded before an error: half a result is worse than none.
func clearTarget(into any) {
	if into != nil {
		reflect.ValueOf(into).Elem().SetZero()
	}
}

// decode decodes a reply that is in memory.
func decode(body []byte, into any) error {
	d := &decoder{data: body, intern: make(map[string]string, 64)}
	if nul := bytes.IndexByte(body, 0); nul >= 0 {
		return &SyntaxError{Offset: nul, What: "a NUL byte"}
	}
	err := d.response(into)
	if d.err != nil {
		return d.err
	}
	return errors.Join(err, d.takeBad())
}

// response reads the envelope. xapi: <methodResponse><params><param> and a struct of Status with Value or
// ErrorDescription; system.listMethods alone has its value without that struct.
func (d *decoder) response(into any) error {
	d.prolog()
	if !d.want("<methodResponse>") {
		return nil
	}
	if d.eat("<fault>") {
		return d.fault()
	}
	d.want("<params>")
	d.want("<param>")
	err := d.result(into)
	d.want("</param>")
	d.want("</params>")
	d.want("</methodResponse>")
	return err
}

// prolog skips <?xml …?>. A document type is refused by what follows.
func (d *decoder) prolog() {
	d.space()
	if d.at("\ufeff") {
		d.pos += len("\ufeff")
	}
	if d.at("<?xml") {
		d.until("?>")
	}
}

// result reads the value in the envelope, or the failure.
func (d *decoder) result(into any) error {
	start := d.pos
	enveloped := d.eat("<value>") && d.eat("<struct")
	d.pos = start
	if !enveloped {
		d.value(into)
		return nil
	}
	var status string
	var failure []string
	valueAt := -1
	for d.openStruct(); d.nextMember(); d.endMember() {
		switch string(d.name) {
		case "Status":
			status = d.word()
		case "Value":
			if valueAt = d.pos; status == "Success" {
				d.value(into)
				valueAt = -2
				continue
			}
			d.skip()
		case "ErrorDescription":
			failure = texts[string](d)
		default:
			d.skip()
		}
	}
	return d.outcome(status, failure, valueAt, start, into)
}

// outcome decides what the envelope said.
func (d *decoder) outcome(status string, failure []string, valueAt, start int, into any) error {
	switch {
	case d.err != nil:
		return nil //nolint:nilerr // decode returns d.err itself
	case status == "Success" && valueAt == -2:
		return nil
	case status == "Success" && valueAt >= 0: // the value stood before the status
		end := d.pos
		d.pos = valueAt
		d.value(into)
		d.pos = end
		return nil
	case status == "Failure" && len(failure) > 0:
		return &xen.Error{Code: xen.ErrorCode(failure[0]), Params: failure[1:]}
	case status == "Failure":
		return &TypeError{Offset: start, What: "a failure without ErrorDescription"}
	}
	return &TypeError{Offset: start, What: fmt.Sprintf("the Status is %q, neither Success nor Failure", status)}
}

// fault reads an XML-RPC fault. xapi never sends one; what stands before it may.
func (d *decoder) fault() error {
	var code, text string
	for d.openStruct(); d.nextMember(); d.endMember() {
		switch string(d.name) {
		case "faultCode":
			code = d.text()
		case "faultString":
			text = d.text()
		default:
			d.skip()
		}
	}
	d.want("</fault>")
	d.want("</methodResponse>")
	return &xen.Error{Code: "Fault", Params: []string{code, text}}
}
