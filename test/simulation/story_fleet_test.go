package simulation

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/desired/source"
)

// fleet is what is declared: manifests in a directory, which our process watches.
type fleet struct {
	dir     string
	specs   map[string]string // by metadata.name
	moved   map[string]string // other names of files
	broken  string            // what is wrong with the files; "": nothing
	meant   map[string]bool   // the hashes of all sets that were ever declared whole
	set     *desired.Set      // the last of them; nil: none
	watcher *fleetWatcher     // of the present life
}

func newFleet(dir string) (*fleet, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	f := &fleet{dir: filepath.Join(dir, "fleet"), specs: map[string]string{}, moved: map[string]string{}, meant: map[string]bool{}}
	return f, f.write()
}

// file is where a VM is declared.
func (f *fleet) file(name string) string {
	h := fnv.New32()
	_, _ = h.Write([]byte(name)) // never fails
	file := fmt.Sprintf("rack-%d.yaml", h.Sum32()%3+1)
	if other := f.moved[file]; other != "" {
		return other
	}
	return file
}

// manifest is what a file says of one VM.
func manifest(name, spec string) string {
	return fmt.Sprintf("---\napiVersion: xencontroller.io/v1alpha1\nkind: VirtualMachine\nmetadata: {name: %s}\nspec: %s\n", name, spec)
}

// texts are the files as they should be. One VM that there never is is declared always: no manifests at all are a mistake.
func (f *fleet) texts() map[string]string {
	texts := map[string]string{"rack-0.yaml": manifest("nowhere", "{powerState: Running, mode: Observe}")}
	for _, name := range slices.Sorted(maps.Keys(f.specs)) {
		texts[f.file(name)] += manifest(name, f.specs[name])
	}
	return texts
}

// brokenTexts are the files as somebody has left them.
func (f *fleet) brokenTexts() map[string]string {
	texts := f.texts()
	switch f.broken {
	case "typo":
		texts["typo.yaml"] = manifest("broken", "{powerSate: Halted}")
	case "bytes":
		texts["bytes.yaml"] = "\xff\xfe\x00not text"
	case "half":
		for name, text := range texts {
			texts[name] = strings.TrimSuffix(text, "}\n")
		}
	case "empty":
		clear(texts)
	}
	return texts
}

// write brings the directory into line, and tells who watches it.
func (f *fleet) write() error {
	if f.broken == "" {
		var files []desired.File
		for name, text := range f.texts() {
			files = append(files, desired.File{Name: name, Data: []byte(text)})
		}
		set, err := desired.Parse(files...)
		if err != nil {
			return err
		}
		f.set, f.meant[set.Hash()] = set, true
	}
	err := os.RemoveAll(f.dir)
	switch f.broken {
	case "gone":
	case "unreadable": // whoever runs the test: root may read what nobody may
		err = errors.Join(err, os.Symlink(f.dir, f.dir))
	default:
		err = errors.Join(err, os.Mkdir(f.dir, 0o700))
		for name, text := range f.brokenTexts() {
			err = errors.Join(err, os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600))
		}
	}
	f.watcher.tell(f.dir)
	return err
}

// wasMeant reports whether a set is one that somebody declared, whole.
func (f *fleet) wasMeant(set *desired.Set) bool { return f.meant[set.Hash()] }

func (st *story) changeFleet(change func(f *fleet)) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	change(st.fleet)
	return st.fleet.write()
}

// declare writes a VM's manifest, or changes it.
func (st *story) declare(args []string) error {
	return st.changeFleet(func(f *fleet) { f.specs[args[0]] = strings.Join(args[1:], " ") })
}

// undeclare takes a VM's manifest out of its file.
func (st *story) undeclare(args []string) error {
	return st.changeFleet(func(f *fleet) { delete(f.specs, args[0]) })
}

// breakFleet lets a mistake happen to the files, which stays until somebody mends them.
func (st *story) breakFleet(args []string) error {
	if !slices.Contains(breakages, args[0]) {
		return fmt.Errorf("%q does not happen to files", args[0])
	}
	return st.changeFleet(func(f *fleet) { f.broken = args[0] })
}

// breakages are what happens to files.
var breakages = []string{"typo", "bytes", "half", "empty", "unreadable", "gone"}

func (st *story) mendFleet([]string) error {
	return st.changeFleet(func(f *fleet) { f.broken = "" })
}

// renameFile gives the file of a VM another name; what it says stays.
func (st *story) renameFile(args []string) error {
	return st.changeFleet(func(f *fleet) {
		now := f.file(args[0])
		for from, to := range f.moved {
			if to == now {
				delete(f.moved, from)
				return
			}
		}
		f.moved[now] = "moved-" + now
	})
}

// deleteFile takes a file away, with all that is declared in it.
func (st *story) deleteFile(args []string) error {
	return st.changeFleet(func(f *fleet) {
		file := f.file(args[0])
		maps.DeleteFunc(f.specs, func(name, _ string) bool { return f.file(name) == file })
	})
}

// inForce is what speaks against the set that is in force at the end: it is the last that was declared whole.
func (st *story) inForce() []string {
	st.mu.Lock()
	defer st.mu.Unlock()
	problems := slices.Clone(st.logged)
	switch {
	case st.fleet.set == nil && st.set == nil:
	case st.fleet.set == nil || st.set == nil || st.fleet.set.Hash() != st.set.Hash():
		problems = append(problems, "rule 8: what was declared last is not in force")
	}
	return problems
}

// fleetWatcher tells a source of changes as they are made.
type fleetWatcher struct {
	changed chan string
	errors  chan error
}

// watch opens a watcher for a new life of the process.
func (f *fleet) watch() (source.Watcher, error) {
	f.watcher = &fleetWatcher{changed: make(chan string, 100), errors: make(chan error)}
	return f.watcher, nil
}

// tell tells of a change, a moment later: what the change sets off then falls on no step's instant.
func (w *fleetWatcher) tell(path string) {
	if w == nil {
		return
	}
	time.AfterFunc(1700*time.Nanosecond, func() {
		select {
		case w.changed <- path:
		default: // so many are waiting that another makes no difference
		}
	})
}

func (w *fleetWatcher) Add(string) error       { return nil }
func (w *fleetWatcher) Remove(string) error    { return nil }
func (w *fleetWatcher) Changed() <-chan string { return w.changed }
func (w *fleetWatcher) Errors() <-chan error   { return w.errors }
func (w *fleetWatcher) Close() error           { return nil }
