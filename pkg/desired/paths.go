package desired

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	stdinPath = "-"
	maxFile   = 10 << 20 // bytes; 10,000 VMs are 3 MiB
)

// Load reads the manifests that paths name and returns the set that they declare, or Problems with every mistake in all of
// them; never both. The order of paths and files does not matter.
//
// A path is a file, a directory, or "-" for stdin (nil: "-" is a mistake, since what is read once cannot be watched). A
// directory stands for its files that end in .yaml, .yml or .json, as for kubectl: not for its sub-directories, and not
// for anything whose name begins with a dot. Files may be symbolic links, and a mounted Kubernetes ConfigMap is read as of
// one moment. A path that declares nothing is a mistake: an empty directory never means "no VMs".
func Load(paths []string, stdin io.Reader) (*Set, error) {
	if len(paths) == 0 {
		return nil, Problems{{Text: "no manifests given; name a file or a directory with -f"}}
	}
	var files []File
	var problems Problems
	seen := map[string]bool{}
	for _, path := range paths {
		found, ps := read(path, stdin)
		problems = append(problems, ps...)
		for _, f := range found {
			if key := identity(f.Name); !seen[key] {
				seen[key] = true
				files = append(files, f)
			}
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	set, ps := parse(files)
	if problems = append(problems, ps...); len(problems) > 0 {
		return nil, problems.inOrder()
	}
	return set, nil
}

// read returns the files of one path, at least one of which says something, or problems.
func read(path string, stdin io.Reader) ([]File, Problems) {
	if path == stdinPath {
		return readStdin(stdin)
	}
	info, err := os.Stat(path)
	var files []File
	var problems Problems
	switch {
	case path == "":
		return nil, Problems{{Text: `the path given to -f is empty; use "." for the directory you are in`}}
	case err != nil:
		return nil, Problems{unreadable(path, err)}
	case info.IsDir():
		files, problems = readDirectory(path)
	default:
		files, problems = readAll([]string{path})
	}
	if len(problems) == 0 && !slices.ContainsFunc(files, declares) {
		problems = Problems{{File: path, Text: "declares nothing; a path given to -f must hold at least one manifest"}}
	}
	return files, problems
}

func readStdin(stdin io.Reader) ([]File, Problems) {
	const name = "standard input"
	if stdin == nil {
		return nil, Problems{{File: stdinPath, Text: "standard input cannot be watched; name a file or a directory"}}
	}
	f, p := readFrom(stdin, name)
	switch {
	case p != nil:
		return nil, Problems{*p}
	case !declares(f):
		return nil, Problems{{File: name, Text: "declares nothing; send at least one manifest"}}
	}
	return []File{f}, nil
}

// declares reports whether a file has a document; one that cannot be split into lines counts, so that its real mistake is
// heard.
func declares(f File) bool {
	s, p := newSource(f)
	return p != nil || slices.ContainsFunc(s.documents(), func(d document) bool { return !s.blank(d) })
}

// readDirectory reads a directory's manifests. Kubernetes replaces a ConfigMap's files at once by pointing the link ..data
// elsewhere; a directory whose ..data moved meanwhile is read again.
func readDirectory(dir string) ([]File, Problems) {
	const tries = 5
	for try := 1; ; try++ {
		before, _ := os.Readlink(filepath.Join(dir, "..data"))
		files, problems := readDirectoryOnce(dir)
		after, _ := os.Readlink(filepath.Join(dir, "..data"))
		if before == after || try == tries {
			return files, problems
		}
	}
}

func readDirectoryOnce(dir string) ([]File, Problems) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, Problems{unreadable(dir, err)}
	}
	var paths, below []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case err == nil && info.IsDir():
			if holdsManifests(path) {
				below = append(below, path)
			}
		case !IsManifest(e.Name()):
		case errors.Is(err, fs.ErrNotExist):
			if _, err := os.Lstat(path); err == nil { // else it went while we looked
				return nil, Problems{{File: path, Text: "is a link to nothing; mend or remove it"}}
			}
		case err == nil && !info.Mode().IsRegular(): // reading a pipe might never end
			return nil, Problems{{File: path, Text: "is not a regular file; move it out of this directory"}}
		default:
			paths = append(paths, path)
		}
	}
	if len(paths) > 0 {
		return readAll(paths)
	}
	text := "has no manifests (*.yaml, *.yml, *.json)"
	if len(below) > 0 {
		text += "; directories below it are not read, name them: -f " + strings.Join(below, " -f ")
	}
	return nil, Problems{{File: dir, Text: text}}
}

// IsManifest reports whether a file of this name is read when its directory is.
func IsManifest(name string) bool {
	ext := filepath.Ext(name)
	return !strings.HasPrefix(name, ".") && (ext == ".yaml" || ext == ".yml" || ext == ".json")
}

func holdsManifests(dir string) bool {
	entries, _ := os.ReadDir(dir) // only for a hint: a directory that cannot be read is none
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return IsManifest(e.Name()) })
}

func readAll(paths []string) (files []File, problems Problems) {
	for _, path := range paths {
		f, p := readFile(path)
		if p != nil {
			problems = append(problems, *p)
			continue
		}
		files = append(files, f)
	}
	return files, problems
}

func readFile(path string) (File, *Problem) {
	info, err := os.Stat(path)
	if err == nil && info.Mode()&(fs.ModeSocket|fs.ModeDevice) != 0 {
		return File{}, &Problem{File: path, Text: "is a socket or device, not a manifest"}
	}
	r, err := os.Open(path)
	if err != nil {
		p := unreadable(path, err)
		return File{}, &p
	}
	defer func() { _ = r.Close() }() // it was only read
	return readFrom(r, path)
}

func readFrom(r io.Reader, name string) (File, *Problem) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		p := unreadable(name, err)
		return File{}, &p
	case len(data) > maxFile:
		return File{}, &Problem{File: name, Text: fmt.Sprintf("is larger than %d MiB; is it a manifest? If so, split it", maxFile>>20)}
	}
	return File{Name: name, Data: data}, nil
}

func unreadable(path string, err error) Problem {
	if op, ok := errors.AsType[*fs.PathError](err); ok {
		err = op.Err // the path is said already
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Problem{File: path, Text: "no such file or directory; check the path given to -f"}
	case errors.Is(err, fs.ErrPermission):
		return Problem{File: path, Text: "may not be read by this user; check its permissions"}
	}
	return Problem{File: path, Text: "cannot be read: " + err.Error()}
}

// identity is the same for two ways of writing one path.
func identity(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
