package informer

import (
	"fmt"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Update is what happened to one object of a class.
type Update[T any] struct {
	Ref string
	Old *T // nil: it was added
	New *T // nil: it was deleted
	// Changed are the fields that are not as they were; all of an object that was added or deleted.
	Changed xen.Fields
}

// record is what a pointer to a generated struct is: *xen.VM for xen.VM.
type record[T any] interface {
	*T
	xen.Record
}

// On has f called with each change of an object of one class, as a [Handler] is told of it: in order, by one goroutine that
// f must not block; after a list with what is different from before. Records are read-only. Call it before Run, which fails
// where the informer does not keep the class.
//
//	informer.On(i, func(u informer.Update[xen.VM]) {
//		if u.New != nil && u.Changed.Has(xen.VMFieldPowerState) {
//			fmt.Println(u.New.NameLabel, "is", u.New.PowerState)
//		}
//	})
func On[T any, P record[T]](i *Informer, f func(Update[T])) {
	class := P(nil).Class()
	if !i.keeps[class] && i.refused == nil {
		i.refused = fmt.Errorf("there is a handler for class %s, which the informer does not keep", class)
	}
	i.AddHandler(typed[T, P]{class, f})
}

// typed is a Handler of one class.
type typed[T any, P record[T]] struct {
	class xen.Class
	tell  func(Update[T])
}

// OnSync implements Handler.
func (typed[T, P]) OnSync(bool, string) {}

// OnChange implements Handler.
func (h typed[T, P]) OnChange(changes []store.Change) {
	for _, ch := range changes {
		if ch.Class != h.class {
			continue
		}
		older, _ := ch.Old.(P)
		newer, _ := ch.New.(P)
		h.tell(Update[T]{Ref: ch.Ref, Old: (*T)(older), New: (*T)(newer), Changed: ch.Changed()})
	}
}
