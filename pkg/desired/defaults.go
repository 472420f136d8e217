package desired

import "github.com/xencontroller/xencontroller/pkg/desired/v1alpha1"

// applyDefaults fills in what the author left out; powerState stays nil, which means "not managed".
func applyDefaults(vm *v1alpha1.VirtualMachine) {
	s := &vm.Spec
	if s.NameLabel == "" && s.UUID == "" {
		s.NameLabel = vm.Metadata.Name
	}
	if s.Mode == "" {
		s.Mode = v1alpha1.Enforce
	}
	if s.Shutdown.Mode == "" {
		s.Shutdown.Mode = v1alpha1.CleanThenHard
	}
	if s.Shutdown.GracePeriod == 0 {
		s.Shutdown.GracePeriod = v1alpha1.DefaultGracePeriod
	}
}
