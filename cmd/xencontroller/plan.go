package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/internal/yaml"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// Exit codes of "plan", as people know them from terraform plan -detailed-exitcode and diff.
const (
	planChanges = 1
	planError   = 2
)

// newPlanCommand makes "plan".
func newPlanCommand(e *env) *cobra.Command {
	var conn connectionFlags
	logs := logFlags{quiet: true}
	var paths []string
	var format, owner string
	cmd := &cobra.Command{
		Use: "plan -f PATH… --pool URL", Short: "Show what would be done, and why, without doing it", Args: cobra.NoArgs,
		Long: `Show what would be done, and why, without doing it. Exit code 0: everything is as declared; 1: it is not; 2: an error.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			inSync, err := showPlan(cmd.Context(), e, &conn, &logs, paths, format, owner)
			switch {
			case err != nil:
				return &exitCodeError{Code: planError, Err: err}
			case !inSync:
				return &exitCodeError{Code: planChanges}
			}
			return nil
		},
	}
	conn.add(cmd)
	logs.add(cmd)
	filenameFlag(cmd, &paths)
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text, json or yaml")
	ownerFlag(cmd, &owner)
	return cmd
}

// showPlan prints the plan and says whether everything is as declared.
func showPlan(ctx context.Context, e *env, conn *connectionFlags, logs *logFlags, paths []string, format, owner string) (inSync bool, err error) {
	switch format {
	case "text", "json", "yaml":
	default:
		return false, usageError("-o is %q, none of text, json, yaml", format)
	}
	set, err := loadDeclared(e, paths)
	if err != nil {
		return false, err
	}
	log, flush, err := logs.logger(e)
	if err != nil {
		return false, err
	}
	defer flush()
	client, err := conn.client(e, log, nil)
	if err != nil {
		return false, err
	}
	snap, err := observe(ctx, conn, client, log)
	if err = errors.Join(err, closeClient(ctx, client)); err != nil {
		return false, err
	}
	declared := plan.Declare(set.VMs())
	p := plan.Compute(plan.Input{
		Now: time.Now(), Snapshot: snap, Declared: declared, InFlight: reconcile.InFlight(snap, declared, owner, originator),
	})
	return p.InSync(), printPlan(e.out, p, format)
}

// observe lists the whole pool once.
func observe(ctx context.Context, conn *connectionFlags, client *xapi.Client, log logr.Logger) (store.Snapshot, error) {
	cache := store.New()
	if _, err := conn.connect(ctx, client); err != nil {
		return cache.Snapshot(), err
	}
	inf := informer.New(informer.Config{Client: client, Store: cache, Log: log, Pool: conn.label()})
	following, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- inf.Run(following) }()
	err := inf.WaitForSync(ctx)
	snap := cache.Snapshot()
	cancel()
	return snap, errors.Join(err, <-done)
}

// printPlan writes a plan.
func printPlan(out io.Writer, p plan.Plan, format string) error {
	switch format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(p)
	case "yaml":
		text, err := yaml.Marshal(p)
		if err == nil {
			_, err = out.Write(text)
		}
		return err
	}
	_, err := io.WriteString(out, p.String())
	return err
}
