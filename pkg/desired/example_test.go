package desired_test

import (
	"fmt"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

func ExampleParse() {
	set, err := desired.Parse(desired.File{Name: "mail.yaml", Data: []byte(`
apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: mail}
spec: {powerState: Running}
`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, vm := range set.VMs() {
		fmt.Println(vm.Spec.NameLabel, *vm.Spec.PowerState, vm.Spec.Mode, vm.Spec.Shutdown.GracePeriod)
	}
	// Output: mail Running Enforce 2m0s
}

func ExampleParse_mistakes() {
	_, err := desired.Parse(desired.File{Name: "mail.yaml", Data: []byte(`apiVersion: xencontroller.io/v1alpha1
kind: VirtualMachine
metadata: {name: mail}
spec:
  powerstate: Runing
  placement: {hosts: []}
`)})
	fmt.Println(err)
	// Output:
	// mail.yaml:5:3: spec.powerstate: unknown field; did you mean "powerState"?
	//       powerstate: Runing
	//       ^
	// mail.yaml:5:15: spec.powerstate: "Runing" is not Running, Halted, Suspended or Paused; did you mean "Running"?
	//       powerstate: Runing
	//                   ^
	// mail.yaml:6:22: spec.placement.hosts: must not be empty; leave the field out where any host will do
	//       placement: {hosts: []}
	//                          ^
}
