// Command docs writes the pages of docs/reference that are lists of what the code declares, so that they cannot differ
// from it: metrics.md, reasons.md and coverage.md.
//
// It knows where each package declares its metrics and reasons. It must not know what they mean. The same code gives the
// same bytes, and the tidy test compares them.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", filepath.Join("docs", "reference"), "folder to write into; the working directory is the module's root")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gen/docs:", err)
		os.Exit(1)
	}
}

// run writes every page into the folder.
func run(folder string) error {
	metrics, err := metricsPage()
	if err != nil {
		return err
	}
	reasons, err := reasonsPage(filepath.Join("pkg", "reconcile", "plan", "reason.go"))
	if err != nil {
		return err
	}
	coverage, err := coveragePage()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, page := range map[string][]byte{"metrics.md": metrics, "reasons.md": reasons, "coverage.md": coverage} {
		if err := os.WriteFile(filepath.Join(folder, name), page, 0o644); err != nil {
			return err
		}
	}
	return nil
}
