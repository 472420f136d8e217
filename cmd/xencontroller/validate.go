package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/pkg/desired"
)

// filenameFlag adds -f, as kubectl spells it.
func filenameFlag(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringSliceVarP(paths, "filename", "f", nil, "manifest, or directory of manifests; may be repeated")
}

// loadDeclared reads the manifests that -f names.
func loadDeclared(e *env, paths []string) (*desired.Set, error) {
	if len(paths) == 0 {
		return nil, usageError("-f is missing: name a manifest, or a directory of manifests")
	}
	set, err := desired.Load(paths, e.in)
	if err != nil {
		return nil, err
	}
	return set, nil
}

// newValidateCommand makes "validate".
func newValidateCommand(e *env) *cobra.Command {
	var paths []string
	cmd := &cobra.Command{
		Use: "validate -f PATH…", Short: "Check manifests without a pool", Args: cobra.NoArgs,
		Long:    "Check manifests without a pool: every mistake is reported with its file, line and column. '-f -' reads standard input.",
		Example: "  xencontroller validate -f manifests/demo",
		RunE: func(*cobra.Command, []string) error {
			set, err := loadDeclared(e, paths)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.out, "%d VMs declared, no mistakes (revision %.12s)\n", len(set.VMs()), set.Hash())
			return err
		},
	}
	filenameFlag(cmd, &paths)
	return cmd
}
