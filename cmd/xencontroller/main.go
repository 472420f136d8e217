// Command xencontroller keeps XenServer and XCP-ng pools in the state that YAML declares.
//
// It knows flags, configuration, and how the parts are wired together; one file a command. It must not know any
// decision: what to do is decided in pkg/reconcile/plan, and done in pkg/reconcile.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, newEnv(), os.Args[1:])
	stop()
	os.Exit(code)
}

// Exit codes. plan has one more: 1 says that there are changes, so its errors are 2.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// exitCodeError ends the program with a code of its own. Without Err nothing is printed: the output said it all.
type exitCodeError struct {
	Code int
	Err  error
}

// Error gives the words of the error, or the exit code where there is none.
func (e *exitCodeError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap gives the cause, or nil.
func (e *exitCodeError) Unwrap() error { return e.Err }

// usageError is a command line that cannot be understood.
func usageError(format string, args ...any) error {
	return &exitCodeError{Code: exitUsage, Err: fmt.Errorf(format, args...)}
}

// execute runs a command line and returns the exit code. Errors are printed here and nowhere else.
func execute(ctx context.Context, e *env, args []string) int {
	root := newRootCommand(e)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	coded, ok := errors.AsType[*exitCodeError](err)
	if !ok || coded.Err != nil {
		fmt.Fprintf(e.err, "xencontroller: %v\n", err)
	}
	if !ok {
		return exitError
	}
	if coded.Code == exitUsage && coded.Err != nil {
		fmt.Fprintln(e.err, "Run 'xencontroller --help', or with a command's name before it, for what there is.")
	}
	return coded.Code
}
