package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/xencontroller/xencontroller/internal/yaml"
)

// envName is the variable that stands for a flag: XENCONTROLLER_PASSWORD_FILE for --password-file.
func envName(flag string) string {
	return "XENCONTROLLER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fillFlags gives the flags that stand nowhere on the command line the values that the environment or the config file
// has for them.
func fillFlags(e *env, cmd *cobra.Command) error {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return err
	}
	if path == "" {
		path = e.getenv(envName("config"))
	}
	file, err := readConfig(path, cmd.Root())
	if err != nil {
		return err
	}
	var problems []error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || f.Name == "help" || f.Name == "config" {
			return
		}
		if text := e.getenv(envName(f.Name)); text != "" {
			if err := cmd.Flags().Set(f.Name, text); err != nil {
				problems = append(problems, usageError("%s=%q: %w", envName(f.Name), text, err))
			}
			return
		}
		for _, text := range file[f.Name] {
			if err := cmd.Flags().Set(f.Name, text); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s: %w", path, f.Name, err))
			}
		}
	})
	return errors.Join(problems...)
}

// readConfig reads a config file: a YAML mapping from the names of flags to a value, or a list of values.
func readConfig(path string, root *cobra.Command) (map[string][]string, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration (--config): %w", err)
	}
	values, err := yaml.Settings(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	known := map[string]bool{}
	collectFlags(root, known)
	var unknown []string
	for name := range values {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return nil, fmt.Errorf("%s: no command has a flag called %s", path, strings.Join(unknown, ", "))
	}
	return values, nil
}

// collectFlags gathers the names of the flags of all commands: one file may serve several commands.
func collectFlags(cmd *cobra.Command, known map[string]bool) {
	add := func(f *pflag.Flag) { known[f.Name] = true }
	cmd.LocalFlags().VisitAll(add)
	cmd.PersistentFlags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		collectFlags(sub, known)
	}
}
