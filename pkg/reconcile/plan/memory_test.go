package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// A book that was asked about other snapshots, newer ones and older ones, says what a pass over all VMs says.
func TestTheMemoryBookSaysWhatAPassOverAllVMsSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	host := func() xen.HostRef {
		if n := random.IntN(5); n > 0 {
			return xen.HostRef(fmt.Sprint("host-", n))
		}
		return xen.NullRef
	}
	s := store.New()
	snaps := []store.Snapshot{s.Snapshot()}
	var book MemoryBook
	for range 500 {
		ref := fmt.Sprint("vm-", random.IntN(20))
		b := store.Batch{Delete: []store.Key{{Class: xen.ClassVM, Ref: ref}}}
		if random.IntN(4) > 0 {
			b = store.Batch{Set: []xen.Object{{Ref: ref, Record: &xen.VM{
				ResidentOn: host(), ScheduledToBeResidentOn: host(), MemoryDynamicMin: random.Int64N(9), MemoryOverhead: 1,
			}}}}
		}
		s.Apply(b)
		snaps = append(snaps, s.Snapshot())
		snap := snaps[len(snaps)-1-random.IntN(min(10, len(snaps)))]
		got, want := maps.Clone(book.at(snap)), usedMemory(snap)
		maps.DeleteFunc(got, func(_ xen.HostRef, bytes int64) bool { return bytes == 0 })
		if !maps.Equal(got, want) {
			t.Fatalf("the book says %v, all VMs together need %v", got, want)
		}
	}
}
