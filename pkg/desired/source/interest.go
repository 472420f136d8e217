package source

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

// interest says which entries of a watched directory matter.
type interest struct {
	manifests bool            // all that desired.Load would read there, and Kubernetes' ..data
	names     map[string]bool // these
}

// concerns reports whether a changed path can change what is declared.
func (f *follower) concerns(path string) bool {
	path = filepath.Clean(path)
	if _, itself := f.watched[path]; itself {
		return true
	}
	in, found := f.watched[filepath.Dir(path)]
	name := filepath.Base(path)
	return found && (in.names[name] || in.manifests && (desired.IsManifest(name) || name == "..data"))
}

// interests lists the directories to watch, each with what matters in it: the paths themselves, the directory of every
// name on the way to them that is a link (it may turn elsewhere) and, for what does not exist, the nearest directory that
// does.
func interests(paths []string) map[string]interest {
	all := wanted{}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			continue // the working directory is gone; Load says so
		}
		all.follow(abs, maxLinks)
		dir, err := filepath.EvalSymlinks(abs) // one directory must not be watched under two names
		if err != nil {
			continue // there is nothing yet
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a file: its directory is watched
		}
		all.manifests(dir)
		for _, e := range entries {
			if desired.IsManifest(e.Name()) && e.Type()&fs.ModeSymlink != 0 {
				all.follow(filepath.Join(dir, e.Name()), maxLinks)
			}
		}
	}
	return all
}

const maxLinks = 40 // on the way to one file; Linux gives up there, too

type wanted map[string]interest

func (w wanted) manifests(dir string) {
	in := w[dir]
	in.manifests = true
	w[dir] = in
}

func (w wanted) name(path string) {
	dir := filepath.Dir(path)
	in := w[dir]
	if in.names == nil {
		in.names = map[string]bool{}
	}
	in.names[filepath.Base(path)] = true
	w[dir] = in
}

// follow watches the way to an absolute path.
func (w wanted) follow(path string, links int) {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	at := root
	parts := strings.Split(strings.TrimPrefix(path, root), string(filepath.Separator))
	for i, part := range parts {
		at = filepath.Join(at, part)
		target, err := os.Readlink(at)
		switch {
		case err == nil && links > 0: // its end is elsewhere, and the rest of the way with it
			w.name(at)
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(at), target)
			}
			w.follow(filepath.Join(append([]string{target}, parts[i+1:]...)...), links-1)
			return
		case !exists(at): // when it comes, there is more to watch
			w.name(at)
			return
		case i == len(parts)-1:
			w.name(at)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
