package v1alpha1

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestVirtualMachineAsJSON(t *testing.T) {
	paused := Paused
	vm := VirtualMachine{
		TypeMeta: TypeMeta{APIVersion: APIVersion, Kind: KindVirtualMachine},
		Metadata: Metadata{Name: "a"},
		Spec: VirtualMachineSpec{
			NameLabel: "a b", PowerState: &paused, Mode: Enforce,
			Shutdown: Shutdown{Mode: Clean, GracePeriod: 90 * time.Second},
		},
	}
	text, err := json.Marshal(vm)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"apiVersion":"xencontroller.io/v1alpha1","kind":"VirtualMachine","metadata":{"name":"a"},` +
		`"spec":{"nameLabel":"a b","powerState":"Paused","mode":"Enforce","shutdown":{"mode":"Clean","gracePeriod":"1m30s"}}}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var back VirtualMachine
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, vm) {
		t.Errorf("read back: %+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"spec":{"shutdown":{"gracePeriod":"soon"}}}`), &back); err == nil {
		t.Error(`"soon" is a duration`)
	}
}
