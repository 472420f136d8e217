package record_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/wiretest"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// TestEveryMemberThatIsNotZeroIsRead decodes records that are zero but for a member or two, so that each member is at
// some time where a row of zeros was expected, in windows of several lengths.
func TestEveryMemberThatIsNotZeroIsRead(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	vms := []xen.Object{{Ref: "first", Record: &xen.VM{}}}
	fields := reflect.TypeFor[xen.VM]().NumField() - 1 // Unknown has no member
	for i := range 40 * fields {
		vm := new(xen.VM)
		for range 1 + random.IntN(2) {
			fill(reflect.ValueOf(vm).Elem().Field(random.IntN(fields)), i)
		}
		vms = append(vms, xen.Object{Ref: fmt.Sprintf("OpaqueRef:%d", i), Record: vm})
	}
	both(t, func(t *testing.T, p protocol) {
		body := p.list(vms)
		for _, window := range []int{0, 30_000, 9_001} {
			list := newList()
			if err := p.decoder(record.Limits{Window: window})(strings.NewReader(body), list); err != nil {
				t.Fatal(err)
			}
			if diff := wiretest.Diff(vms, list.Objects); diff != "" {
				t.Fatalf("window %d: written (-) and decoded (+):\n%.2000s", window, diff)
			}
		}
	})
}

// fill makes a field something else than zero.
func fill(field reflect.Value, i int) {
	switch v := field.Addr().Interface().(type) {
	case *time.Time:
		*v = time.Unix(int64(i)*86400, 0).UTC()
		return
	case *xen.Map[string, string]:
		*v = xen.StringMap("key", fmt.Sprint(i), "other", "")
		return
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(fmt.Sprintf("text %d", i))
	case reflect.Int64:
		field.SetInt(int64(i + 1))
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Float64:
		field.SetFloat(1.5)
	case reflect.Slice:
		if field.Type().Elem().Kind() == reflect.String {
			field.Set(reflect.MakeSlice(field.Type(), 2, 2))
			field.Index(1).SetString("item")
		}
	}
}
