package main

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
)

// runFlags say what to keep, and how.
type runFlags struct {
	conn    connectionFlags
	logs    logFlags
	paths   []string
	http    string
	journal string
	events  string
	cfg     daemonConfig
}

// newRunCommand makes "run".
func newRunCommand(e *env) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use: "run -f PATH… --pool URL", Short: "Keep a pool as YAML declares", Args: cobra.NoArgs,
		Long: `Keep a pool in the state that manifests declare, until SIGTERM or Ctrl-C. Manifests are watched: a change takes effect at
once, and one with mistakes is refused as a whole, with the last good set kept in force.`,
		Example: "  xencontroller run -f manifests/demo --pool http://127.0.20.1:8080 --username root --password-file F",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return run(cmd.Context(), e, f)
		},
	}
	f.conn.add(cmd)
	f.logs.add(cmd)
	filenameFlag(cmd, &f.paths)
	flags := cmd.Flags()
	flags.StringVar(&f.http, "http", "127.0.0.1:8080", `address of metrics, health, API and page; "" turns them off`)
	flags.StringVar(&f.events, "events", string(informer.EventsRegister), `how events are asked for: register (event.next), from (event.from), or auto (from, where the pool's is of use)`)
	flags.BoolVar(&f.cfg.dryRun, "dry-run", false, "decide and show, and make no call that changes anything")
	flags.StringVar(&f.conn.stateFile, "state-file", "", "file that remembers the pool's members, so that a restart finds the pool when the configured address is dead")
	flags.StringVar(&f.journal, "journal", "", "file that remembers operations across a crash; empty: in memory")
	ownerFlag(cmd, &f.cfg.owner)
	flags.IntVar(&f.cfg.workers, "workers", 8, "VMs that are worked on at once")
	limits := plan.Limits{}.WithDefaults()
	flags.IntVar(&f.cfg.limits.Starts, "max-starts", limits.Starts, "VMs that start or resume at once")
	flags.IntVar(&f.cfg.limits.Migrations, "max-migrations", limits.Migrations, "VMs that migrate at once")
	flags.IntVar(&f.cfg.limits.HostIn, "max-migrations-in", limits.HostIn, "VMs that migrate to one host at once")
	flags.IntVar(&f.cfg.limits.HostOut, "max-migrations-out", limits.HostOut, "VMs that migrate from one host at once")
	return cmd
}

// run is the daemon from its flags to its end.
func run(ctx context.Context, e *env, f runFlags) error {
	if _, err := loadDeclared(e, f.paths); err != nil {
		return err
	}
	if slices.Contains(f.paths, "-") {
		return usageError("-f - cannot be watched: name a file or a directory")
	}
	events := informer.Events(f.events)
	if !slices.Contains([]informer.Events{informer.EventsRegister, informer.EventsFrom, informer.EventsAuto}, events) {
		return usageError("--events %q is none of register, from, auto", f.events)
	}
	log, flush, err := f.logs.logger(e)
	if err != nil {
		return err
	}
	defer flush()
	cfg := f.cfg
	cfg.pool, cfg.paths, cfg.log, cfg.connect = f.conn.label(), f.paths, log, f.conn.connect
	cfg.events = events
	if f.journal != "" {
		if cfg.journal, err = reconcile.OpenFileJournal(f.journal); err != nil {
			return fmt.Errorf("%w (--journal)", err)
		}
	}
	metrics := newDaemonMetrics()
	client, err := f.conn.client(e, log.WithName("xapi"), metrics.xapi)
	if err != nil {
		return err
	}
	if f.http != "" {
		if cfg.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", f.http); err != nil {
			return fmt.Errorf("the web server cannot be opened (--http): %w", err)
		}
		defer func() { _ = cfg.listener.Close() }() // the web server has closed it already, where it came to serve
	}
	d, err := newDaemon(cfg, client, metrics)
	if err != nil {
		return err
	}
	version, _, _ := buildVersion()
	log.Info("xencontroller runs", "version", version, "pool", cfg.pool, "http", f.http, "dryRun", cfg.dryRun)
	err = d.run(ctx)
	log.Info("xencontroller has stopped")
	return err
}

// ownerFlag says whose tasks are those of the controller.
func ownerFlag(cmd *cobra.Command, owner *string) {
	cmd.Flags().StringVar(owner, "owner", "", "mark of our tasks, the same in every life and different for every controller of a pool (default: made from the pool's uuid)")
}
