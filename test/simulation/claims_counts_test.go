package simulation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/web"
)

// counts holds what is counted against what is listed at the same instant.
func (c *claims) counts() {
	managed, unmanaged := 0, 0
	conditions := map[string]float64{}
	for _, vm := range c.vms {
		if !vm.Managed {
			unmanaged++
			continue
		}
		managed++
		for _, condition := range vm.Conditions {
			conditions[fmt.Sprintf("condition=%q,pool=%q,status=%q", condition.Type, poolName, strings.ToLower(condition.Status))]++
		}
	}
	p := c.pool()
	if p.Unmanaged != unmanaged || p.Declared.Objects != managed {
		c.say("numbers are those of the lists", "%d declared, %d not ours; %d and %d are listed", p.Declared.Objects, p.Unmanaged, managed, unmanaged)
	}
	if c.text != "" && !c.synced && !p.Synced && p.StaleSince == nil && strings.Contains(c.text, "missing") {
		c.say("nothing is known before the first list", "the page says that something is missing")
	}
	if c.metrics == nil {
		return
	}
	total := 0.0
	for labels, n := range conditions {
		total += n
		if got := c.sum("xencontroller_vm_condition", labels); got != n {
			c.say("metrics say what the API says", "%s: %v, and %v VMs say so", labels, got, n)
		}
	}
	if got := c.sum("xencontroller_vm_condition"); got != total {
		c.say("metrics say what the API says", "%v conditions, and VMs have %v", got, total)
	}
	flying := float64(len(slices.DeleteFunc(slices.Clone(c.actions), func(a web.Action) bool { return a.Finished != nil })))
	if got := c.sum("xencontroller_actions_inflight"); got < flying {
		c.say("metrics say what the API says", "%v actions in flight, and %v are listed", got, flying)
	}
	if got := c.sum("xencontroller_informer_synced"); got != map[bool]float64{true: 1}[p.Synced] {
		c.say("metrics say what the API says", "in sync: %v, and the API says %v", got, p.Synced)
	}
}
