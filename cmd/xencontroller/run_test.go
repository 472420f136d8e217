package main

import (
	"strings"
	"testing"
)

func TestRunKnowsTheWaysToFollowEvents(t *testing.T) {
	web := write(t, "web.yaml", webManifest)
	_, stderr, code := runCommand(t, nil, "run", "-f", web, "--pool", "http://127.0.0.1:1", "--username", "root", "--password-file", web, "--events", "telepathy")
	if code != exitUsage || !strings.Contains(stderr, "telepathy") || !strings.Contains(stderr, "register, from, auto") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
