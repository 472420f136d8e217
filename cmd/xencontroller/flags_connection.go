package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// connectionFlags say how to reach a pool.
type connectionFlags struct {
	pool           []string
	poolName       string
	poolUUID       string
	username       string
	passwordFile   string
	passwordRun    string
	tls            xapi.TLSConfig
	protocol       string
	limits         xapi.Limits
	record         string
	stateFile      string // a flag of run only
	timeout        time.Duration
	connectTimeout time.Duration
}

// add declares the flags on a command.
func (f *connectionFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.pool, "pool", nil, "URL of the pool, https://HOST[:PORT], http://… or unix:///PATH; several are members of one pool")
	flags.StringVar(&f.poolName, "pool-name", "", "what metrics and logs call the pool (default: the host of the first URL)")
	flags.StringVar(&f.poolUUID, "pool-uuid", "", "uuid of the pool that has to answer (default: the first one reached)")
	flags.StringVar(&f.username, "username", "root", "user to log in as")
	flags.StringVar(&f.passwordFile, "password-file", "", "file with the password; read again at each login. Or XENCONTROLLER_PASSWORD in the environment")
	flags.StringVar(&f.passwordRun, "password-command", "", "program, with its arguments, that writes the password on its standard output; run at each login")
	flags.StringVar(&f.tls.CAFile, "ca-file", "", "PEM file of the authorities that sign the hosts' certificates")
	flags.StringVar(&f.tls.Fingerprint, "tls-fingerprint", "", "SHA-256 of the certificate to trust, or of several, with commas")
	flags.StringVar(&f.tls.KnownHosts, "tls-known-hosts", "", "file of certificates: the first that a host shows is trusted and written there, another later on is refused")
	flags.BoolVar(&f.tls.Insecure, "insecure-skip-tls-verify", false, "trust any certificate: whoever is on the way can take the password")
	flags.StringVar(&f.protocol, "protocol", string(xapi.ProtocolAuto), "auto, xml or json: how calls are written")
	flags.Float64Var(&f.limits.PerSecond, "calls-per-second", 0, "calls that may begin in a second, event calls apart; 0: any number")
	flags.IntVar(&f.limits.InFlight, "max-calls", 0, "calls that may be under way at once, event calls apart; 0: any number")
	flags.StringVar(&f.record, "record", "", "file to append every call to, a line of JSON each, without secrets")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long a call may take")
	flags.DurationVar(&f.connectTimeout, "connect-timeout", 15*time.Second, "how long to look for the pool at the start; 0: for ever")
}

// client makes a client from the flags. It dials nothing.
func (f *connectionFlags) client(e *env, log logr.Logger, metrics *xapi.Metrics) (*xapi.Client, error) {
	if len(f.pool) == 0 {
		return nil, usageError("--pool is missing: give the URL of the pool, such as https://xen-1.example.com")
	}
	password, err := f.password(e)
	if err != nil {
		return nil, err
	}
	record, err := f.recorder()
	if err != nil {
		return nil, err
	}
	version, _, _ := buildVersion()
	client, err := xapi.New(xapi.Config{
		Addresses: f.pool, Username: f.username, Password: password, TLS: f.tls, Timeout: f.timeout, PoolUUID: f.poolUUID,
		Protocol: xapi.Protocol(f.protocol), Limits: f.limits, StateFile: f.stateFile, Record: record,
		Originator: originator, UserAgent: "xencontroller/" + version,
		Pool: f.label(), Log: log, Metrics: metrics,
	})
	if err != nil {
		return nil, usageError("%w", err)
	}
	return client, nil
}

// originator is how sessions and tasks of this program are told from others.
const originator = "xencontroller"

// label is what metrics and logs call the pool.
func (f *connectionFlags) label() string {
	if f.poolName != "" || len(f.pool) == 0 {
		return f.poolName
	}
	u, err := url.Parse(f.pool[0])
	if err != nil || u.Host == "" {
		return strings.TrimPrefix(f.pool[0], "unix://")
	}
	return u.Hostname()
}

// password returns where the password comes from: a file, a program, or the environment. It is no flag, because a command
// line can be read by everybody on the machine.
func (f *connectionFlags) password(e *env) (xapi.Authenticator, error) {
	switch words := strings.Fields(f.passwordRun); {
	case f.passwordFile != "" && len(words) > 0:
		return nil, usageError("give only one of --password-file and --password-command")
	case len(words) > 0:
		return xapi.PasswordCommand(words[0], words[1:]...), nil
	case f.passwordFile != "":
		if _, err := os.Stat(f.passwordFile); err != nil {
			return nil, fmt.Errorf("the password file cannot be used (--password-file): %w", err)
		}
		return xapi.PasswordFile(f.passwordFile), nil
	case e.getenv("XENCONTROLLER_PASSWORD") != "":
		return xapi.PasswordEnv(e.getenv, "XENCONTROLLER_PASSWORD"), nil
	case allUnix(f.pool):
		return nil, nil
	}
	return nil, usageError("no password: name a file that holds it with --password-file, or set XENCONTROLLER_PASSWORD")
}

// recorder opens the file of --record; nil: none is wanted. It is closed by the end of the process, for calls are made
// until then.
func (f *connectionFlags) recorder() (io.Writer, error) {
	if f.record == "" {
		return nil, nil
	}
	file, err := os.OpenFile(f.record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("calls cannot be recorded (--record): %w", err)
	}
	return file, nil
}

// allUnix reports whether every address is a unix socket, where xapi looks at no password.
func allUnix(addresses []string) bool {
	for _, a := range addresses {
		if !strings.HasPrefix(a, "unix:") {
			return false
		}
	}
	return true
}

// connect logs in, within the time that the flags allow.
func (f *connectionFlags) connect(ctx context.Context, client *xapi.Client) (*xapi.Session, error) {
	search := ctx
	if f.connectTimeout > 0 {
		var cancel context.CancelFunc
		search, cancel = context.WithTimeout(ctx, f.connectTimeout)
		defer cancel()
	}
	session, err := client.Session(search)
	if err == nil {
		return session, nil
	}
	if errors.Is(search.Err(), context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, fmt.Errorf("the pool was not reached within %s (--connect-timeout): %w", f.connectTimeout, err)
	}
	return nil, err
}

// closeClient logs out, even after the command's own context has ended.
func closeClient(ctx context.Context, client *xapi.Client) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	return client.Close(ctx)
}
