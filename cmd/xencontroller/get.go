package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// getFlags say what to show of a pool, and how.
type getFlags struct {
	conn   connectionFlags
	logs   logFlags
	output string
	watch  bool
	all    bool
}

// newGetCommand makes "get".
func newGetCommand(e *env) *cobra.Command {
	f := getFlags{logs: logFlags{quiet: true}}
	cmd := &cobra.Command{
		Use: "get vms|hosts|tasks [NAME…]", Short: "Show the objects of a pool", Args: cobra.MinimumNArgs(1),
		Long: "Show the objects of a pool. Control domains, templates and snapshots are VMs only with --all.",
		Example: `  xencontroller get vms --pool http://127.0.20.1:8080 --password-file F
  xencontroller get hosts -o wide
  xencontroller get tasks -w`,
		ValidArgs: []cobra.Completion{"vms", "hosts", "tasks"},
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := findKind(args[0])
			if err != nil {
				return err
			}
			p := &printer{out: e.out, kind: kind, format: f.output, all: f.all, names: args[1:], now: time.Now}
			if err := p.check(); err != nil {
				return err
			}
			log, flush, err := f.logs.logger(e)
			if err != nil {
				return err
			}
			defer flush()
			client, err := f.conn.client(e, log, nil)
			if err != nil {
				return err
			}
			if f.watch {
				err = getAndWatch(cmd.Context(), &f.conn, client, log, p)
			} else {
				err = getOnce(cmd.Context(), &f.conn, client, p)
			}
			return errors.Join(err, closeClient(cmd.Context(), client))
		},
	}
	f.conn.add(cmd)
	f.logs.add(cmd)
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "wide, json, yaml or name; default: a table")
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "go on, and print what changes")
	cmd.Flags().BoolVar(&f.all, "all", false, "also control domains, templates and snapshots")
	return cmd
}

// getOnce lists the classes that a kind is made of and prints them.
func getOnce(ctx context.Context, conn *connectionFlags, client *xapi.Client, p *printer) error {
	session, err := conn.connect(ctx, client)
	if err != nil {
		return err
	}
	snap, err := listClasses(ctx, session, p.kind.classes)
	if err != nil {
		return err
	}
	return p.print(snap)
}

// listClasses reads some classes of a pool into a store of their own.
func listClasses(ctx context.Context, session *xapi.Session, classes []xen.Class) (store.Snapshot, error) {
	s := store.New()
	var batch store.Batch
	for _, class := range classes {
		list := xen.ObjectList{Class: class}
		if err := session.Do(ctx, xen.GetAllRecords(class).Request, &list); err != nil {
			return s.Snapshot(), fmt.Errorf("listing %s: %w", class, err)
		}
		for _, skipped := range list.Skipped {
			return s.Snapshot(), fmt.Errorf("listing %s: %s cannot be read: %w", class, skipped.Ref, skipped.Err)
		}
		batch.Replace = append(batch.Replace, list)
	}
	s.Apply(batch)
	s.MarkSynced(session.Epoch(), time.Now())
	return s.Snapshot(), nil
}

// getAndWatch prints the objects, then each that changes, until the context ends.
func getAndWatch(ctx context.Context, conn *connectionFlags, client *xapi.Client, log logr.Logger, p *printer) error {
	if _, err := conn.connect(ctx, client); err != nil {
		return err
	}
	cache := store.New()
	inf := informer.New(informer.Config{Client: client, Store: cache, Log: log, Pool: conn.label()})
	changed := make(changeSignal, 1)
	inf.AddHandler(changed)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- inf.Run(ctx) }()
	printed := cache.Snapshot()
	first := true
	for {
		select {
		case err := <-done:
			return err
		case <-changed:
		}
		snap := cache.Snapshot()
		if !snap.Synced() {
			continue
		}
		var err error
		if first {
			err = p.print(snap)
		} else {
			err = p.printChanges(snap, store.Diff(printed, snap))
		}
		if err != nil {
			cancel()
			return errors.Join(err, <-done)
		}
		printed, first = snap, false
	}
}

// changeSignal wakes a reader after changes; one wake-up may stand for many.
type changeSignal chan struct{}

func (c changeSignal) wake() {
	select {
	case c <- struct{}{}:
	default:
	}
}

// OnChange implements informer.Handler.
func (c changeSignal) OnChange([]store.Change) { c.wake() }

// OnSync implements informer.Handler.
func (c changeSignal) OnSync(bool, string) { c.wake() }

// findKind finds what "get" can show.
func findKind(word string) (*kind, error) {
	var known []string
	for _, k := range kinds() {
		if k.is(strings.ToLower(word)) {
			return k, nil
		}
		known = append(known, k.plural)
	}
	return nil, usageError("there is no %q to get: choose one of %s", word, strings.Join(known, ", "))
}
