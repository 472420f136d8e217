package reconcile

import (
	"slices"

	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// budget hands out the slots of the limits, and knows who waits for one, in the order in which they came. It is not for
// concurrent use: the controller's lock is held around it.
type budget struct {
	usage   *plan.Usage
	waiting []plan.Action // at most one for each VM
}

func newBudget(l plan.Limits) *budget { return &budget{usage: plan.NewUsage(l)} }

// take gives an action its slots, or says which budget is used up; the VM then waits.
func (b *budget) take(a plan.Action) (full string) {
	if full = b.usage.Full(a); full != "" {
		if i := b.index(a.Key); i >= 0 {
			b.waiting[i] = a
		} else {
			b.waiting = append(b.waiting, a)
		}
		return full
	}
	b.leave(a.Key)
	b.usage.Take(a)
	return ""
}

// force counts an action that runs already.
func (b *budget) force(a plan.Action) { b.usage.Take(a) }

// release takes back an action's slots.
func (b *budget) release(a plan.Action) { b.usage.Release(a) }

// leave takes a VM out of the queue, and reports whether it was in it.
func (b *budget) leave(key string) bool {
	i := b.index(key)
	if i < 0 {
		return false
	}
	b.waiting = slices.Delete(b.waiting, i, i+1)
	return true
}

// ready returns the waiting VMs that there is room for now, all of them at once, first come, first served. They stay in
// the queue until they take their slots or leave.
func (b *budget) ready() []string {
	var keys []string
	usage := b.usage.Clone()
	for _, a := range b.waiting {
		if usage.Full(a) == "" {
			usage.Take(a)
			keys = append(keys, a.Key)
		}
	}
	return keys
}

func (b *budget) index(key string) int {
	return slices.IndexFunc(b.waiting, func(a plan.Action) bool { return a.Key == key })
}
