package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// env is the outside world of a command, so that tests can bring their own.
type env struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	// terminal says that out is looked at by a person: bars and colours are drawn.
	terminal bool
}

// newEnv is the process's own.
func newEnv() *env {
	return &env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, getenv: os.Getenv,
		terminal: term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}
