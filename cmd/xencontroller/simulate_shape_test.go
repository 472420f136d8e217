package main

import (
	"strings"
	"testing"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

func TestShapeOfASimulatedPool(t *testing.T) {
	f := simulateFlags{speed: 1, size: "rack", users: []string{"al:p:w:vm-operator"}, model: simulator.Model{Hosts: 3, VMs: 7}}
	if err := f.shape(false, true); err != nil {
		t.Fatal(err)
	}
	if f.model.Hosts != 16 || f.model.VMs != 7 {
		t.Errorf("%d hosts, %d VMs: want those of the rack, and the 7 that were given", f.model.Hosts, f.model.VMs)
	}
	if want := (simulator.User{Name: "al", Password: "p:w", Role: "vm-operator"}); f.model.Users[0] != want {
		t.Errorf("the user is %v", f.model.Users[0])
	}
	dump := write(t, "d.json", "{}")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--user", "al:secret"}, "NAME:PASSWORD:ROLE"},
		{[]string{"--model", "huge"}, "small, rack nor fleet"},
		{[]string{"--speed", "0"}, "above 0"},
		{[]string{"--load", dump}, "a dump is wanted"},
		{[]string{"--load", dump, "--hosts", "2"}, "--load brings its own"},
		{[]string{"--load", dump + "x"}, "--load"},
		{[]string{"--user", "al:secret:king"}, `no role "king"`},
	} {
		_, stderr, code := runCommand(t, nil, append([]string{"simulate"}, tt.args...)...)
		if code == exitOK || !strings.Contains(stderr, tt.want) {
			t.Errorf("%v: exit code %d: %s", tt.args, code, stderr)
		}
		if strings.Contains(stderr, "secret") {
			t.Errorf("%v: the password is in the error: %s", tt.args, stderr)
		}
	}
}

// A pool that was dumped by the command can be loaded.
func TestDumpCommand(t *testing.T) {
	pool := simulator.Start(t, simulator.Model{Hosts: 2, VMs: 3})
	if err := pool.Listen("http://127.0.73.1:0"); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := runCommand(t, nil, "dump", "--pool", pool.URLs()[0], "--password-file", write(t, "password", "xenroot\n"))
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	f := simulateFlags{speed: 1, load: write(t, "d.json", stdout)}
	if err := f.shape(false, false); err != nil {
		t.Fatal(err)
	}
	again := simulator.Start(t, f.model)
	if got, want := again.State().VMs[0].Name, pool.State().VMs[0].Name; got != want {
		t.Errorf("the first VM is %s, want %s", got, want)
	}
}
