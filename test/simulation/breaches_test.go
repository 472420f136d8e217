package simulation

import (
	"strings"
	"testing"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

func TestARuleThatIsBrokenIsNamed(t *testing.T) {
	for method, want := range map[string]string{"VM.destroy": "rule 12", "Async.VM.start": ""} {
		h := &history{began: time.Now()}
		h.observe(simulator.Fact{Kind: simulator.FactCall, At: h.began.Add(time.Hour), Method: method, Params: []string{"OpaqueRef:vm"}})
		got := strings.Join(breaches(h), "\n")
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", method, got, want)
		}
	}
}
