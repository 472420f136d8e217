package deploy_test

import (
	"slices"
	"strings"
	"testing"
)

// TestSimulatorContainer: the command knows the arguments of each example in the container file of the simulator.
func TestSimulatorContainer(t *testing.T) {
	text, examples := readFile(t, "container/simulator.Containerfile"), 0
	if !strings.Contains(text, `ENTRYPOINT ["/usr/local/bin/xencontroller", "simulate"]`) {
		t.Fatal("the container does not simulate")
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#   docker run") {
			continue
		}
		examples++
		_, args, _ := strings.Cut(strings.TrimSpace(line), " xencontroller-simulator")
		if out, err := run(t, slices.Concat([]string{"simulate"}, strings.Fields(args), []string{"--help"})...); err != nil {
			t.Errorf("simulate%s: %v\n%s", args, err, out)
		}
	}
	if examples != 3 {
		t.Errorf("%d examples, want 3", examples)
	}
}
