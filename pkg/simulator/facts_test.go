package simulator

import "testing"

func TestAnObserverIsToldOfWritesUntilItIsTakenAway(t *testing.T) {
	p := Start(t, Model{VMs: 2})
	var facts []Fact
	p.Observe(func(f Fact) { facts = append(facts, f) })
	if len(facts) == 0 || facts[0].Kind != FactLife {
		t.Fatalf("%d facts, none of a life", len(facts))
	}
	facts = nil
	if err := p.HaltVM("web-1"); err != nil {
		t.Fatal(err)
	}
	halted := false
	for _, f := range facts {
		halted = halted || f.Class == "VM" && f.Text("name_label") == "web-1" && f.Text("power_state") == "Halted"
	}
	if !halted {
		t.Errorf("none of %d facts says that web-1 is Halted", len(facts))
	}
	p.Observe(nil)
	told := len(facts)
	if err := p.StartVM("web-1"); err != nil || len(facts) != told {
		t.Errorf("%v; told of %d facts after the end", err, len(facts)-told)
	}
}
