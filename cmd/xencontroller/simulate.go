package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// simulateFlags say which pool to simulate.
type simulateFlags struct {
	listen   string
	unix     string
	admin    string
	history  string
	timing   string
	coverage bool
	output   string
	users    []string
	size     string
	speed    float64
	load     string
	model    simulator.Model
}

// newSimulateCommand makes "simulate".
func newSimulateCommand(e *env) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use: "simulate", Short: "Simulate an XAPI pool, for any client to talk to", Args: cobra.NoArgs,
		Long: `Simulate an XAPI pool: hosts, VMs, tasks and events that answer as xapi does. Each host is a member with a loopback address
of its own: with the default address xen-1, the master, is at 127.0.20.1, xen-2 at 127.0.20.2, and so on.

--admin serves what somebody else might do to the pool: POST /fault/lose-events, /fault/kill-master?promote=HOST,
/fault/drop-connections, /vm/NAME/halt, /vm/NAME/start, /vm/NAME/migrate?host=HOST; GET /state.`,
		Example: "  xencontroller simulate --hosts 3 --vms 20 --admin 127.0.0.1:8081",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.coverage {
				return printCoverage(e.out, f.output)
			}
			if err := f.shape(cmd.Flags().Changed("hosts"), cmd.Flags().Changed("vms")); err != nil {
				return err
			}
			return simulate(cmd.Context(), e, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "http://127.0.20.1:8080", "URL of the first host, http or https; each further one has the next address")
	flags.StringVar(&f.unix, "unix", "", "path of a unix socket of the master too, where everybody is root; empty: none")
	flags.StringVar(&f.admin, "admin", "", "address of the listener for faults and foreign changes; empty: none")
	flags.StringVar(&f.history, "history", "", "file to append what happens to, a line of JSON for each call, reply and change of a VM, task, session or host; it names sessions")
	flags.IntVar(&f.model.Hosts, "hosts", 3, "hosts of the pool, 1 to 64")
	flags.IntVar(&f.model.VMs, "vms", 20, "VMs of the pool")
	flags.StringVar(&f.model.Password, "password", "xenroot", "password of the user root")
	flags.Int64Var(&f.model.Seed, "seed", 0, "seed of everything random; the same seed makes the same pool")
	flags.StringVar(&f.model.Version, "xapi-version", "", "version of xapi to be: 8.2, 24.19, 26 or a whole one (default 24.19.2, or that of --load)")
	flags.StringArrayVar(&f.users, "user", nil, "NAME:PASSWORD:ROLE of somebody besides root, with a role of XAPI such as vm-operator or read-only; may be repeated")
	flags.StringVar(&f.size, "model", "", "hosts and VMs together: small (1, 4), rack (16, 400) or fleet (64, 10000); --hosts and --vms win")
	flags.StringVar(&f.load, "load", "", "file that dump wrote: simulate the pool that it is of")
	flags.StringVar(&f.timing, "timing", "demo", "how long operations take: none, demo (a few seconds) or real")
	flags.Float64Var(&f.speed, "speed", 1, "how many times as fast operations are: 10 takes a tenth of the time")
	flags.BoolVar(&f.model.StrictConflicts, "strict-conflicts", false, "refuse an operation that collides with another at once, where xapi lets it wait")
	flags.BoolVar(&f.coverage, "coverage", false, "print what each message of the API does here, and exit")
	flags.StringVarP(&f.output, "output", "o", "text", "with --coverage: text or json")
	return cmd
}

// applyTiming sets how long everything takes in a model.
func applyTiming(model *simulator.Model, name string) error {
	switch name {
	case "none":
	case "demo":
		model.Timing, model.Boot, model.BadPassword = simulator.DemoTiming(), time.Second, time.Second
	case "real":
		model.Timing, model.Boot, model.BadPassword = simulator.RealTiming(), 11*time.Second, 2*time.Second
	default:
		return usageError("--timing is %q, neither none, demo nor real", name)
	}
	return nil
}

// simulate serves a pool until the context ends.
func simulate(ctx context.Context, e *env, f simulateFlags) error {
	model, err := f.played()
	if err != nil {
		return err
	}
	pool, err := simulator.New(model)
	if err != nil {
		return err
	}
	told, err := f.tellHistory(pool)
	if err != nil {
		pool.Close()
		return err
	}
	err = f.serve(ctx, e, pool, model)
	pool.Close()
	return errors.Join(err, told())
}

// serve serves a pool and its admin listener until the context ends.
func (f *simulateFlags) serve(ctx context.Context, e *env, pool *simulator.Pool, model simulator.Model) error {
	admin, err := f.open(ctx, pool)
	if err != nil {
		return err
	}
	if err := f.introduce(e.out, pool, model, admin); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if admin != nil {
		g.Go(func() error { return serveHTTP(ctx, admin, pool.AdminHandler()) })
	}
	g.Go(func() error { <-ctx.Done(); return nil })
	return g.Wait()
}

// played is the model with its size looked at and its timing filled in.
func (f *simulateFlags) played() (simulator.Model, error) {
	model := f.model
	if model.Hosts < 1 || model.Hosts > 64 {
		return model, usageError("--hosts is %d: a pool has 1 to 64 hosts", model.Hosts)
	}
	if model.VMs < 0 {
		return model, usageError("--vms is %d: it cannot be negative", model.VMs)
	}
	if model.VMs == 0 {
		model.VMs = -1 // the model's own word for none
	}
	if err := applyTiming(&model, f.timing); err != nil {
		return model, err
	}
	return model.Faster(f.speed), nil
}

// tellHistory writes the pool's history to the file of --history; what it returns closes that, once the pool is closed, and
// tells what went wrong.
func (f *simulateFlags) tellHistory(pool *simulator.Pool) (told func() error, err error) {
	if f.history == "" {
		return func() error { return nil }, nil
	}
	file, err := os.OpenFile(f.history, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the history cannot be written (--history): %w", err)
	}
	problem := pool.WriteHistory(file)
	return func() error { return errors.Join(problem(), file.Close()) }, nil
}

// open opens the pool's sockets, and the listener for faults where one is wanted; else nil.
func (f *simulateFlags) open(ctx context.Context, pool *simulator.Pool) (admin net.Listener, err error) {
	if err := pool.Listen(f.listen); err != nil {
		return nil, fmt.Errorf("the pool cannot be served (--listen): %w", err)
	}
	if f.unix != "" {
		if err := pool.ListenUnix("", f.unix); err != nil {
			return nil, fmt.Errorf("the unix socket cannot be served (--unix): %w", err)
		}
	}
	if f.admin == "" {
		return nil, nil
	}
	if admin, err = new(net.ListenConfig).Listen(ctx, "tcp", f.admin); err != nil {
		return nil, fmt.Errorf("the admin listener cannot be opened (--admin): %w", err)
	}
	return admin, nil
}

// introduce says where everything is to be found.
func (f *simulateFlags) introduce(out io.Writer, pool *simulator.Pool, model simulator.Model, admin net.Listener) error {
	if err := printHosts(out, pool); err != nil {
		return err
	}
	if err := printIgnored(out, model); err != nil {
		return err
	}
	if f.unix != "" {
		fmt.Fprintf(out, "unix  %s  the first master's, for root: any name, any password\n", f.unix)
	}
	if admin != nil {
		fmt.Fprintf(out, "admin  http://%s\n", admin.Addr())
	}
	_, err := fmt.Fprintln(out, "user root, press Ctrl-C to end")
	return err
}

// serveHTTP answers on a listener until the context ends.
func serveHTTP(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = server.Shutdown(grace) // what is not answered within that second is cut off by the end of the process
	})
	err := server.Serve(listener)
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// printCoverage prints what each message does in the simulator.
func printCoverage(out io.Writer, format string) error {
	rows, err := simulator.Coverage()
	if err != nil {
		return err
	}
	switch format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	case "text":
	default:
		return usageError("-o is %q, neither text nor json", format)
	}
	counts := map[simulator.Level]int{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MESSAGE\tLEVEL\tNOTE")
	for _, r := range rows {
		counts[r.Level]++
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Message, r.Level, r.Note)
	}
	if err = w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\n%d messages: %d played, %d stored, %d refused\n",
		len(rows), counts[simulator.Played], counts[simulator.Stored], counts[simulator.Refused])
	return err
}
