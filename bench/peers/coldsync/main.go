//go:build unix

// Command coldsync measures how long it takes from nothing to a whole copy of a pool: pkg/informer in each combination of
// protocol and events, and xen-api of npm in each of its transports, in turns, on one simulated pool.
//
// Each is a process of its own, which times itself from before the login until its last object is there; that Node
// takes its time to start and to load packages is not counted. It knows both programs' public API and the command
// simulate. It must not know how either of them does it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

// nodeModules names the environment variable with a folder in which `npm ci` has installed test/clients/npm.
const nodeModules = "XENCONTROLLER_NODE_CLIENTS"

// options are what the flags say.
type options struct {
	simulator, npm   string
	hosts, vms       int
	rounds           int
	tls              bool
	url              string // of the pool, for a process that is measured
	protocol, events string
}

func main() {
	var o options
	flag.StringVar(&o.simulator, "simulator", "", "the command xencontroller; empty: it is built")
	flag.StringVar(&o.npm, "npm", os.Getenv(nodeModules), "folder in which `npm ci` has installed test/clients/npm")
	flag.IntVar(&o.hosts, "hosts", 64, "hosts of the pool")
	flag.IntVar(&o.vms, "vms", 5000, "VMs of the pool")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each client is run")
	flag.BoolVar(&o.tls, "tls", false, "https")
	flag.StringVar(&o.url, "url", "", "sync with this pool and print how it went as JSON; what each client's process is called with")
	flag.StringVar(&o.protocol, "protocol", "auto", "with -url: xml, json or auto")
	flag.StringVar(&o.events, "events", "register", "with -url: register or from")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := compare
	if o.url != "" {
		run = syncOnce
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "coldsync:", err)
		os.Exit(1)
	}
}

// compare runs all clients in turns and prints the table.
func compare(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "coldsync-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	clients, err := o.clients(dir)
	if err != nil {
		return err
	}
	if o.simulator == "" {
		o.simulator = filepath.Join(dir, "xencontroller")
		if err := build(ctx, o.simulator); err != nil {
			return err
		}
	}
	pool, err := startPool(ctx, o)
	if err != nil {
		return err
	}
	defer pool.end()
	for n := range o.rounds + 1 {
		for _, c := range clients {
			if c.once && n != 1 {
				continue
			}
			r, err := c.run(ctx, pool.url)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if n > 0 { // in the first round the server makes the texts of its records
				c.results = append(c.results, r)
			}
		}
	}
	fmt.Printf("%d hosts, %d VMs, %d rounds in turns, TLS: %t\n\n", o.hosts, o.vms, o.rounds, o.tls)
	return errors.Join(printTable(os.Stdout, clients), ctx.Err())
}
