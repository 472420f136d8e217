package xapi

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// readPrivate reads a file that decides whom we trust. Nobody else may be able to write it.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o022 != 0 {
		return nil, fmt.Errorf("%s can be written by others (%s): chmod 600 it", path, mode)
	}
	return os.ReadFile(path)
}

// writePrivate replaces a file as a whole: after a crash it is the old one or the new one. Only we may read it.
func writePrivate(path string, text []byte) (err error) {
	dir, name := filepath.Split(path)
	dropUnfinished(filepath.Clean(dir), name)
	f, err := os.CreateTemp(filepath.Clean(dir), "."+name+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the first error says more
		}
	}()
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// unfinishedKept is how old what another process writes may be: it takes a moment, not a minute.
const unfinishedKept = time.Minute

// dropUnfinished removes what processes left that were killed in the middle of writePrivate.
func dropUnfinished(dir, name string) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return // the writing says so
	}
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), "."+name+".") {
			continue
		}
		if info, err := file.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > unfinishedKept {
			_ = os.Remove(filepath.Join(dir, file.Name())) // the next one tries again
		}
	}
}
