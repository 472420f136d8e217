package xapi

import (
	"regexp"
	"strings"
	"sync"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// other is the value of labels whose own would be one too many.
const other = "other"

// Most different values of a label, beyond which a server, or a caller, that invents words gets only "other". The datamodel
// has 2,007 messages, half of which are never called by anybody, and 635 codes.
const (
	maxMethodLabels = 1024
	maxCodeLabels   = 256
)

// The forms that methods and codes of XAPI have.
var (
	methodForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	codeForm   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)
)

// labels keeps the number of values of labels within bounds. The zero value is ready.
type labels struct {
	mu      sync.Mutex
	methods map[string]string
	codes   map[string]string
}

// method is the label of a method: one of a class of the datamodel, that the server did not call unknown.
func (l *labels) method(method, code string) string {
	if code == string(xen.MessageMethodUnknown) {
		return other
	}
	return l.keep(&l.methods, method, maxMethodLabels, func() bool {
		class, name, dotted := strings.Cut(strings.TrimPrefix(method, "Async."), ".")
		return dotted && methodForm.MatchString(name) && (xen.Class(class).Known() || class == "system" || class == "event")
	})
}

// code is the label of an error code.
func (l *labels) code(code string) string {
	return l.keep(&l.codes, code, maxCodeLabels, func() bool { return codeForm.MatchString(code) })
}

// keep lets a value through that was seen before, or that is fit and finds room.
func (l *labels) keep(seen *map[string]string, value string, most int, fit func() bool) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if label, ok := (*seen)[value]; ok {
		return label
	}
	if len(*seen) >= most || !fit() {
		return other
	}
	if *seen == nil {
		*seen = map[string]string{}
	}
	(*seen)[value] = value
	return value
}
