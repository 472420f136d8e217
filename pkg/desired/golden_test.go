package desired

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/internal/golden"
)

// Each archive holds manifests and exactly what is said about them: section "problems", or "set" where there is none.
func TestArchives(t *testing.T) {
	golden.Walk(t, "testdata/*.txtar", func(t *testing.T, ar *golden.Archive) {
		t.Chdir(t.TempDir())
		for _, name := range ar.Names() {
			if name != "problems" && name != "set" {
				write(t, filepath.Join("fleet", name), ar.Section(name))
			}
		}
		set, err := Load([]string{"fleet"}, nil)
		if err != nil {
			ar.Want(t, "problems", err.Error())
			return
		}
		ar.Want(t, "set", show(t, set))
	})
}

func show(t *testing.T, set *Set) string {
	t.Helper()
	var b strings.Builder
	for _, vm := range set.VMs() {
		text, err := json.MarshalIndent(vm, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		place := set.Place(vm.Metadata.Name)
		fmt.Fprintf(&b, "%s:%d\n%s\n", place.File, place.Line, text)
	}
	return b.String()
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
