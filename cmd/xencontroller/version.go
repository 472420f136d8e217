package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// release is the version of a released build, set by the linker (-X main.release=v1.2.3); empty in others, whose
// version is the module's, as Go recorded it.
var release string //nolint:gochecknoglobals // the linker can set nothing else

// buildVersion is what this program calls itself: its version, the commit it was built from, and the Go that did it.
func buildVersion() (version, revision, goVersion string) {
	version, revision, goVersion = "dev", "unknown", runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if release != "" {
		version = release
	}
	return version, revision, goVersion
}

// newVersionCommand makes "version".
func newVersionCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			version, revision, goVersion := buildVersion()
			_, err := fmt.Fprintf(e.out, "xencontroller %s (revision %s, %s %s/%s)\n", version, revision, goVersion, runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
