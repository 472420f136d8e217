package source

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is watched, as "directory: names", below a temporary root; * is every manifest.
func TestInterests(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	put(t, filepath.Join(root, "fleet/web.yaml"), "")
	put(t, filepath.Join(root, "releases/1/web.yaml"), "")
	put(t, filepath.Join(root, "cm/..1/web.yaml"), "")
	for link, target := range map[string]string{
		"current": "releases/1", "cm/..data": "..1", "cm/web.yaml": "..data/web.yaml", "loop": "loop",
		"linked.yaml": filepath.Join(root, "fleet/web.yaml"),
	} {
		must(t, os.Symlink(target, filepath.Join(root, link)))
	}
	for _, c := range []struct{ path, want string }{
		{"fleet", ": fleet | fleet: *"},
		{"fleet/web.yaml", "fleet: web.yaml"},
		{"fleet/../fleet/", ": fleet | fleet: *"},
		{"missing", ": missing"},
		{"not/yet/there", ": not"},
		{"fleet/not/yet", "fleet: not"},
		{"current", ": current | releases: 1 | releases/1: *"},
		{"current/web.yaml", ": current | releases/1: web.yaml"},
		{"linked.yaml", ": linked.yaml | fleet: web.yaml"},
		{"cm", ": cm | cm: * ..data web.yaml | cm/..1: web.yaml"},
		{"cm/web.yaml", "cm: ..data web.yaml | cm/..1: web.yaml"},
		{"loop", ": loop"},
	} {
		t.Run(c.path, func(t *testing.T) {
			var got []string
			all := interests([]string{filepath.Join(root, c.path)})
			for _, dir := range slices.Sorted(maps.Keys(all)) {
				rel, err := filepath.Rel(root, dir)
				must(t, err)
				words := slices.Sorted(maps.Keys(all[dir].names))
				if all[dir].manifests {
					words = append([]string{"*"}, words...)
				}
				got = append(got, strings.TrimPrefix(rel, ".")+": "+strings.Join(words, " "))
			}
			if strings.Join(got, " | ") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " | "), c.want)
			}
		})
	}
}
