package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/xencontroller/xencontroller/manifests"
	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// demoFlags say what to play.
type demoFlags struct {
	scenes string
	exit   bool
	http   string
	listen string
	timing string
	logs   logFlags
}

// newDemoCommand makes "demo".
func newDemoCommand(e *env) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use: "demo", Short: "Watch a simulated pool being kept as YAML declares", Args: cobra.NoArgs,
		Long: `A simulated pool, an example fleet, the controller and its web page in one process. The fleet is brought up, then scenes are
played: something is broken on purpose, and mended by the controller. Afterwards everything goes on until Ctrl-C, for you
to edit the manifests, or to break things with any XAPI client.

Scenes: ` + strings.Join(sceneNames(), ", ") + `.`,
		Example: "  xencontroller demo --scenes all --exit",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), e, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.scenes, "scenes", "all", "scenes to play: all, none, or names separated by commas")
	flags.BoolVar(&f.exit, "exit", false, "end after the scenes, with exit code 0 only if every one was mended")
	flags.StringVar(&f.http, "http", "127.0.0.1:8080", `address of the web page; "" turns it off`)
	flags.StringVar(&f.listen, "listen", "http://127.0.20.1:8080", "URL of the simulated pool's first host")
	flags.StringVar(&f.timing, "timing", "demo", "how long operations of the pool take: none, demo or real")
	flags.StringVar(&f.logs.format, "log-format", "console", "console or json")
	flags.CountVarP(&f.logs.verbosity, "verbose", "v", "also show the controller's log: -v, and each call: -vv")
	return cmd
}

// demo plays the demo.
func demo(ctx context.Context, e *env, f demoFlags) error {
	scenes, err := chooseScenes(f.scenes)
	if err != nil {
		return err
	}
	stage, err := setStage(ctx, e, f)
	if err != nil {
		return err
	}
	defer stage.pool.Close()
	defer os.RemoveAll(stage.folder)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return stage.daemon.run(gctx) })
	var played error
	g.Go(func() error {
		played = stage.play(gctx, scenes)
		if f.exit || played != nil && !errors.Is(played, errNotMended) {
			cancel()
			return nil
		}
		stage.show.line("")
		stage.show.line("Everything goes on until Ctrl-C. Edit %s, or talk to the pool: %s, user root, password %s", stage.folder, stage.where, simulatedPassword)
		return nil
	})
	err = g.Wait()
	stage.show.end()
	return errors.Join(err, played)
}

// simulatedPassword is the password of the simulated pool's root.
const simulatedPassword = "xenroot"

// stage is a demo that is set up.
type stage struct {
	pool   *simulator.Pool
	daemon *daemon
	show   *show
	folder string // of the manifests
	where  string // the pool is served at
	news   *declaredNews
}

// setStage makes the pool, the manifests and the controller, and starts nothing but the pool.
func setStage(ctx context.Context, e *env, f demoFlags) (s *stage, err error) {
	s = &stage{show: newShow(e), news: newDeclaredNews()}
	model := simulator.Model{Password: simulatedPassword}
	if err := applyTiming(&model, f.timing); err != nil {
		return nil, err
	}
	log, _, err := f.logs.logger(e)
	if err != nil {
		return nil, err
	}
	if f.logs.verbosity == 0 {
		log = logr.Discard()
	}
	if s.folder, err = writeManifests(); err != nil {
		return nil, err
	}
	if s.pool, err = simulator.New(model); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.folder))
	}
	defer func() {
		if err != nil {
			s.pool.Close()
			err = errors.Join(err, os.RemoveAll(s.folder))
		}
	}()
	if err := s.wire(ctx, f, log); err != nil {
		return nil, err
	}
	s.show.line("The manifests: %s", s.folder)
	s.show.line("")
	return s, nil
}

// wire joins the controller to the pool.
func (s *stage) wire(ctx context.Context, f demoFlags, log logr.Logger) (err error) {
	dial := s.serve(f.listen)
	s.show.line("A simulated pool of 3 hosts at %s", s.where)
	cfg := daemonConfig{
		pool: "simulated", paths: []string{s.folder}, log: log, observer: s.show.action, declared: s.news.tell,
	}
	if f.http != "" {
		if cfg.listener, err = listenNear(ctx, f.http); err != nil {
			return fmt.Errorf("the web server cannot be opened (--http): %w", err)
		}
		s.show.line("The page: http://%s/", cfg.listener.Addr())
	}
	metrics := newDaemonMetrics()
	client, err := xapi.New(xapi.Config{
		Addresses: s.pool.URLs(), Username: "root", Originator: originator, UserAgent: "xencontroller/demo", Pool: cfg.pool,
		Password: func(context.Context) (string, error) { return simulatedPassword, nil },
		Dial:     dial, Log: log.WithName("xapi"), Metrics: metrics.xapi,
	})
	if err != nil {
		return err
	}
	s.daemon, err = newDaemon(cfg, client, metrics)
	return err
}

// serve opens the pool's sockets; where the loopback addresses are not to be had, the pool is in memory, and nobody
// else can talk to it.
func (s *stage) serve(base string) (dial func(context.Context, string, string) (net.Conn, error)) {
	if err := s.pool.Listen(base); err != nil {
		s.where = fmt.Sprintf("no address, it is in memory only (%v)", err)
		return s.pool.Dial
	}
	s.where = strings.Join(s.pool.URLs(), ", ")
	return nil
}

// listenNear listens on an address, or, when its port is taken, on a free port of the same host.
func listenNear(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	host, _, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		return nil, err
	}
	return new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// writeManifests puts the fleet into a folder of its own, for the scenes and the onlooker to edit.
func writeManifests() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "xencontroller-demo-"); err != nil {
		return "", err
	}
	if err := os.CopyFS(folder, manifests.Demo()); err != nil {
		return "", errors.Join(err, os.RemoveAll(folder))
	}
	return folder, nil
}

// editManifest replaces a text in one of the manifests, as an editor does: a new file takes the old one's place.
func (s *stage) editManifest(name, old, new string) error {
	path := filepath.Join(s.folder, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), old) {
		return fmt.Errorf("%s does not hold %q", path, old)
	}
	edited := strings.Replace(string(text), old, new, 1)
	if err := os.WriteFile(path+".new", []byte(edited), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// seconds is a duration for people.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
