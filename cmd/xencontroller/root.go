package main

import (
	"github.com/spf13/cobra"
)

// newRootCommand makes the whole command tree.
func newRootCommand(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "xencontroller",
		Short: "Keep XenServer and XCP-ng pools as YAML declares",
		Long: `xencontroller keeps XenServer and XCP-ng pools in the state that YAML declares: it follows a pool's events, compares what
it sees with what is declared, and starts, stops and moves VMs until both agree.

Every flag can also be given in the environment (--password-file as XENCONTROLLER_PASSWORD_FILE) or in a YAML file named
with --config; flags win over the environment, the environment over the file.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetIn(e.in)
	root.SetOut(e.out)
	root.SetErr(e.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError("%w", err)
	})
	root.PersistentFlags().String("config", "", "YAML file with values for flags that are not given")
	root.AddCommand(
		newRunCommand(e), newDemoCommand(e), newPlanCommand(e), newValidateCommand(e), newSimulateCommand(e),
		newGetCommand(e), newEventsCommand(e), newDumpCommand(e), newVersionCommand(e),
	)
	prepare(e, root)
	return root
}

// prepare makes mistakes of usage exit with their own code, and reads flags from the environment and the config file
// before any command runs.
func prepare(e *env, cmd *cobra.Command) {
	if args := cmd.Args; args != nil {
		cmd.Args = func(cmd *cobra.Command, given []string) error {
			if err := args(cmd, given); err != nil {
				return usageError("%w", err)
			}
			return nil
		}
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if err := fillFlags(e, cmd); err != nil {
				return err
			}
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		prepare(e, sub)
	}
}
