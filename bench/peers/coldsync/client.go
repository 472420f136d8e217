//go:build unix

package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed sync.mjs
var script []byte

// result is what a client tells of one cold sync, in seconds.
type result struct {
	Wall    float64 `json:"wall"`
	CPU     float64 `json:"cpu"`
	Objects int     `json:"objects"`
}

// client is one way to copy a pool.
type client struct {
	name    string
	theirs  bool
	once    bool // takes a minute, and is run in one round only
	command func(url string) []string
	results []result
}

// clients are all ways that are compared; dir is for files of theirs.
func (o options) clients(dir string) ([]*client, error) {
	if _, err := os.Stat(filepath.Join(o.npm, "node_modules", "xen-api")); err != nil || o.npm == "" {
		return nil, errors.New("xen-api is not installed: copy test/clients/npm to a folder, run `npm ci` there, and name it with -npm")
	}
	npm, err := filepath.Abs(o.npm)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "sync.mjs") // Node looks for packages beside the script
	if err := errors.Join(os.WriteFile(path, script, 0o600), os.Symlink(filepath.Join(npm, "node_modules"), filepath.Join(dir, "node_modules"))); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var all []*client
	for _, protocol := range []string{"xml", "json"} {
		for _, events := range []string{"register", "from"} {
			all = append(all, &client{name: "pkg/informer, " + protocol + ", " + events, command: func(url string) []string {
				return []string{self, "-url", url, "-protocol", protocol, "-events", events, fmt.Sprintf("-tls=%t", o.tls)}
			}})
		}
		all = append(all, &client{name: "xen-api, " + protocol, theirs: true, once: protocol == "xml", command: func(url string) []string {
			return []string{"node", path, url, protocol + "-rpc"}
		}})
	}
	return all, nil
}

// run runs a client once.
func (c *client) run(ctx context.Context, url string) (result, error) {
	command := c.command(url)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return result{}, err
	}
	var r result
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("it wrote %.80q: %w", out, err)
	}
	return r, nil
}
