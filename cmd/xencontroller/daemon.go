package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/xencontroller/xencontroller/internal/overview"
	"github.com/xencontroller/xencontroller/pkg/desired"
	"github.com/xencontroller/xencontroller/pkg/desired/source"
	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/reconcile"
	"github.com/xencontroller/xencontroller/pkg/reconcile/plan"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/web"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// daemonConfig is everything that a daemon is made of.
type daemonConfig struct {
	pool     string       // what metrics and logs call the pool
	paths    []string     // of manifests
	listener net.Listener // of the web server; nil: none
	dryRun   bool
	events   informer.Events
	workers  int
	limits   plan.Limits
	journal  reconcile.Journal
	owner    string
	log      logr.Logger
	// connect finds the pool for the first time, and says why it cannot be found; nil: the informer looks for ever.
	connect func(context.Context, *xapi.Client) (*xapi.Session, error)
	// observer and declared are told of actions and of sets of manifests; nil: nobody is.
	observer func(reconcile.ActionEvent)
	declared func(*desired.Set, error)
}

// daemon is a controller of one pool with all its parts: client, cache, source of manifests, web server.
type daemon struct {
	cfg        daemonConfig
	metrics    *daemonMetrics
	client     *xapi.Client
	cache      *store.Store
	informer   *informer.Informer
	controller *reconcile.Controller
	view       *overview.Maker
	web        *web.Server
	changed    changeSignal
}

// daemonMetrics is the registry with the metrics of every part.
type daemonMetrics struct {
	registry  *prometheus.Registry
	xapi      *xapi.Metrics
	informer  *informer.Metrics
	reconcile *reconcile.Metrics
	source    *source.Metrics
}

// newDaemonMetrics registers everything that /metrics shows.
func newDaemonMetrics() *daemonMetrics {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	version, revision, goVersion := buildVersion()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "xencontroller_build_info", Help: "1, with what was built as labels.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": goVersion},
	})
	info.Set(1)
	reg.MustRegister(info)
	return &daemonMetrics{
		registry: reg, xapi: xapi.NewMetrics(reg), informer: informer.NewMetrics(reg),
		reconcile: reconcile.NewMetrics(reg), source: source.NewMetrics(reg),
	}
}

// newDaemon wires the parts together. It starts nothing.
func newDaemon(cfg daemonConfig, client *xapi.Client, metrics *daemonMetrics) (*daemon, error) {
	d := &daemon{cfg: cfg, metrics: metrics, client: client, cache: store.New(), changed: make(changeSignal, 1)}
	d.view = overview.New(overview.Config{
		Pool: cfg.pool, DryRun: cfg.dryRun, Snapshot: d.cache.Snapshot, Session: client.Current,
		Status: func() []reconcile.VMStatus { return d.controller.Status() }, // which comes next, and needs to know observe
	})
	d.informer = informer.New(informer.Config{
		Client: client, Store: d.cache, Pool: cfg.pool, Log: cfg.log.WithName("informer"), Metrics: metrics.informer,
		Events: cfg.events,
	})
	var err error
	d.controller, err = reconcile.New(reconcile.Config{
		Snapshot: d.cache.Snapshot, Pool: reconcile.PoolOf(client), Name: cfg.pool, Owner: cfg.owner, Originator: originator,
		Workers: cfg.workers, DryRun: cfg.dryRun, Limits: cfg.limits, Journal: cfg.journal,
		Log: cfg.log.WithName("reconcile"), Metrics: metrics.reconcile, Observer: d.observe,
	})
	if err != nil {
		return nil, err
	}
	d.informer.AddHandler(d.controller)
	d.informer.AddHandler(d.changed)
	version, _, _ := buildVersion()
	d.web = web.New(web.Config{View: d.view.View, Gatherer: metrics.registry, Log: cfg.log.WithName("web"), Version: version})
	return d, nil
}

// observe passes the steps of actions on to the page and to whoever else watches.
func (d *daemon) observe(e reconcile.ActionEvent) {
	d.view.Observe(e)
	d.changed.wake()
	if d.cfg.observer != nil {
		d.cfg.observer(e)
	}
}

// declare puts a set in force, or keeps the last good one.
func (d *daemon) declare(set *desired.Set, err error) {
	d.view.Declare(set, err)
	d.changed.wake()
	if err == nil {
		d.controller.SetDeclared(set)
	}
	if d.cfg.declared != nil {
		d.cfg.declared(set, err)
	}
}

// run keeps the pool as declared until the context ends, then stops everything and logs out.
func (d *daemon) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.follow(ctx) })
	g.Go(func() error { return d.controller.Run(ctx) })
	g.Go(func() error {
		dir := &source.Dir{Paths: d.cfg.paths, Log: d.cfg.log.WithName("source"), Metrics: d.metrics.source}
		if err := dir.Run(ctx, d.declare); err != nil {
			return fmt.Errorf("watching the manifests: %w", err)
		}
		return nil
	})
	if d.cfg.listener != nil {
		g.Go(func() error { return d.web.Serve(ctx, d.cfg.listener) })
		g.Go(func() error { d.notify(ctx); return nil })
	}
	err := g.Wait()
	if closeErr := closeClient(ctx, d.client); closeErr != nil {
		d.cfg.log.Info("a session could not be logged out", "problem", closeErr.Error())
	}
	return err
}

// follow connects to the pool and keeps the cache in step with it.
func (d *daemon) follow(ctx context.Context) error {
	if d.cfg.connect != nil {
		if _, err := d.cfg.connect(ctx, d.client); err != nil {
			return unlessEnded(ctx, err)
		}
	}
	return d.informer.Run(ctx)
}

// unlessEnded is err, or nil after the end of ctx: a connection that was given up when somebody asked for the end has not
// failed.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}

// notifyPause bounds how often the page is told of changes: a pool that starts a hundred VMs makes thousands of events.
const notifyPause = 100 * time.Millisecond

// notify tells the web server of changes.
func (d *daemon) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.changed:
		}
		d.web.Notify()
		select {
		case <-ctx.Done():
			return
		case <-time.After(notifyPause):
		}
	}
}
