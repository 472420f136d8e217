package wiretest

import (
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Codec is a decoder to be tested, and the slow reader to compare it with.
type Codec struct {
	// Decode decodes a reply. It may remember what it has seen.
	Decode func(r io.Reader, into any) error
	// Small makes a decoder that has no more than so many bytes in memory at once, if it can.
	Small func(window int) func(r io.Reader, into any) error
	// Read is the slow reader.
	Read func(body string) (*Node, error)
}

// Check decodes a reply as a whole and piece by piece, which must come to the same, and reads it with the slow reader. Where
// that can read the reply, the decoder has to come to the same value; where it cannot, the decoder may. The error of the
// decoder comes back.
func (c Codec) Check(t testing.TB, body string, target func() any) error {
	t.Helper()
	whole := target()
	err := c.Decode(strings.NewReader(body), whole)
	for _, window := range []int{1 + len(body)%50, 100 + len(body)%1000} {
		parts := target()
		again := c.Small(window)(&pieces{rest: body, size: rand.New(rand.NewPCG(uint64(len(body)), 7))}, parts) //nolint:gosec // the same each time
		if !sameError(err, again) {
			t.Errorf("%v, but with %d bytes in memory %v", err, window, again)
		}
		if diff := Diff(whole, parts); diff != "" {
			t.Errorf("read as a whole (-) and with %d bytes in memory (+):\n%s", window, diff)
		}
	}
	if utf8.ValidString(body) && !strings.Contains(body, "\r") { // JSON's reader replaces what is no UTF-8; XML's makes LF of CR
		c.checkSlowly(t, body, whole, err, target())
	}
	return err
}

// checkSlowly compares a result with that of the slow reader.
func (c Codec) checkSlowly(t testing.TB, body string, got any, err error, slow any) {
	t.Helper()
	node, slowErr := c.Read(body)
	if slowErr == nil {
		slowErr = node.Fill(slow)
	}
	if fault, ok := errors.AsType[*xen.Error](slowErr); ok && !sameError(fault, err) && !stricter(err) {
		t.Errorf("%v, want the failure %v", err, fault)
	}
	if slowErr == nil && err != nil && !stricter(err) {
		t.Errorf("refused: %v", err)
	}
	if slowErr != nil || err != nil {
		return
	}
	if diff := Diff(slow, got); diff != "" {
		t.Errorf("read slowly (-) and decoded (+):\n%s", diff)
	}
}

// stricter reports whether an error is about syntax, in which the decoders are stricter than the standard library: no
// comments, no attributes, no deep nesting.
func stricter(err error) bool {
	return err != nil && strings.Contains(err.Error(), "cannot be read")
}

// sameError reports whether two errors are the same failure, or say the same.
func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
}

// Diff is the difference of two results, "" where there is none. Of errors within them only counts that there is one.
func Diff(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b, cmpopts.EquateNaNs(), cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) }),
		cmpopts.IgnoreUnexported(xen.Memory{}), cmp.FilterPath(unknown, cmp.Ignore()))
}

// unknown is a field for what the datamodel lacks, which the slow readers do not fill: they do not keep what was written.
func unknown(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && (field.Name() == "Unknown" || field.Name() == "Raw")
}

// pieces gives a text a few bytes at a time.
type pieces struct {
	rest string
	size *rand.Rand
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.rest == "" {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 1+p.size.IntN(100))], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Targets makes what any reply may be tried to be decoded into.
func Targets() []func() any {
	return []func() any{
		func() any { return new(string) }, func() any { return new(int64) },
		func() any { return &xen.ObjectList{Class: xen.ClassVM} }, func() any { return new([]xen.Event) }, func() any { return new(xen.EventBatch) },
		func() any { return new(xen.Map[xen.HostRef, []string]) }, func() any { return new(xen.VM) }, func() any { return nil },
	}
}
