// Command conformance asks a server whether it is an XAPI server: go run ./test/conformance --url http://HOST.
//
// It knows the command line. It must not know the cases: those are in package suite, whose comment says what they assume
// and what they touch.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"

	"github.com/xencontroller/xencontroller/test/conformance/suite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // the program begins here
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command: exit code 0 when every case passed or was left out, 1 when one did not, 2 for bad usage.
func run(ctx context.Context, args []string, out, problems io.Writer) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(problems)
	url := flags.String("url", "", "URL of the pool's master")
	username := flags.String("username", "root", "user who may do everything")
	passwordFile := flags.String("password-file", "", "file with the password")
	vm := flags.String("allow-vm", "", "name_label of a Halted VM that may be started and stopped; without it the suite makes one of its own")
	noStart := flags.Bool("no-start", false, "leave out the cases that start a VM")
	insecure := flags.Bool("insecure-skip-tls-verify", false, "trust any certificate: whoever is on the way can take the password")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	password, err := os.ReadFile(*passwordFile)
	if *url == "" {
		err = errors.New("--url is missing")
	}
	if err != nil {
		fmt.Fprintln(problems, "conformance:", err)
		return 2
	}
	client := &http.Client{}
	if *insecure {
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // asked for
	}
	cfg := suite.Config{
		Caller: &suite.Caller{URL: *url, Client: client}, Username: *username,
		Password: strings.TrimRight(string(password), "\r\n"), AllowVM: *vm, NoStart: *noStart,
	}
	passed, failed, left := 0, 0, 0
	suite.Play(ctx, cfg, suite.Cases(), func(o suite.Outcome) {
		switch {
		case o.Left != "":
			left++
			fmt.Fprintf(out, "left    %s: %s\n", o.Case, o.Left)
		case o.Err != nil:
			failed++
			fmt.Fprintf(out, "FAILED  %s: %v\n", o.Case, o.Err)
		default:
			passed++
			fmt.Fprintf(out, "passed  %s\n", o.Case)
		}
	})
	fmt.Fprintf(out, "%d passed, %d failed, %d left out\n", passed, failed, left)
	if failed > 0 {
		return 1
	}
	return 0
}
