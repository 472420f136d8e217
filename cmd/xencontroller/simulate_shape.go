package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// shape fills the model from the flags that say it in words. Numbers that were given win over a named size.
func (f *simulateFlags) shape(hostsGiven, vmsGiven bool) error {
	if f.speed <= 0 {
		return usageError("--speed is %v: it must be above 0", f.speed)
	}
	for _, text := range f.users {
		u, err := parseUser(text)
		if err != nil {
			return err
		}
		f.model.Users = append(f.model.Users, u)
	}
	sizes := map[string][2]int{"small": {1, 4}, "rack": {16, 400}, "fleet": {64, 10_000}} // hosts and VMs
	if size, known := sizes[f.size]; known {
		if !hostsGiven {
			f.model.Hosts = size[0]
		}
		if !vmsGiven {
			f.model.VMs = size[1]
		}
	} else if f.size != "" {
		return usageError("--model is %q, neither small, rack nor fleet", f.size)
	}
	if f.load == "" {
		return nil
	}
	if f.size != "" || hostsGiven || vmsGiven || len(f.users) > 0 {
		return usageError("--load brings its own hosts, VMs and users: leave out --model, --hosts, --vms and --user")
	}
	return f.loadDump()
}

// loadDump reads the dump that is to be simulated.
func (f *simulateFlags) loadDump() (err error) {
	file, err := os.Open(f.load)
	if err != nil {
		return fmt.Errorf("the dump cannot be read (--load): %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	if f.model.Dump, err = simulator.Load(file); err != nil {
		return fmt.Errorf("%s: %w", f.load, err)
	}
	return nil
}

// parseUser reads NAME:PASSWORD:ROLE; the password may hold colons.
func parseUser(text string) (simulator.User, error) {
	name, rest, _ := strings.Cut(text, ":")
	i := strings.LastIndex(rest, ":")
	if name == "" || i < 0 || rest[i+1:] == "" {
		return simulator.User{}, usageError("--user is not NAME:PASSWORD:ROLE") // without the text: it may hold a password
	}
	return simulator.User{Name: name, Password: rest[:i], Role: rest[i+1:]}, nil
}

// printHosts says where each host answers, and how to reach it from a shell and from Python.
func printHosts(out io.Writer, pool *simulator.Pool) error {
	master := pool.State().Pool.Master
	hosts := pool.State().Hosts
	for _, h := range hosts {
		role := "member"
		if h.Name == master {
			role = "master"
		}
		fmt.Fprintf(out, "%s  %s  %s\n", h.Name, h.URL, role)
	}
	if err := printFingerprints(out, pool, hosts); err != nil {
		return err
	}
	for _, h := range hosts { // one line a host
		curl, modules, python := "curl", "xmlrpc.client", ""
		if strings.HasPrefix(h.URL, "https:") { // its certificate is nobody's but its own
			curl, modules, python = "curl -k", "ssl, xmlrpc.client", ", context=ssl._create_unverified_context()"
		}
		fmt.Fprintf(out, "%s  %s -d '{\"jsonrpc\":\"2.0\",\"method\":\"session.login_with_password\",\"params\":[\"root\",\"PASSWORD\"],\"id\":1}' %s/jsonrpc   or   ", h.Name, curl, h.URL)
		fmt.Fprintf(out, "python3 -c 'import %s; print(xmlrpc.client.ServerProxy(\"%s\"%s).session.login_with_password(\"root\", \"PASSWORD\"))'\n", modules, h.URL, python)
	}
	return nil
}

// printIgnored says what of a dump the simulated pool goes without.
func printIgnored(out io.Writer, model simulator.Model) error {
	if model.Dump == nil {
		return nil
	}
	unknown, err := model.Dump.Ignored(model.Version)
	if err != nil || len(unknown) == 0 {
		return err
	}
	_, err = fmt.Fprintf(out, "left out, as this release of xapi does not have it: %s\n", strings.Join(unknown, ", "))
	return err
}

// printFingerprints says which certificate to expect of each host that answers over TLS.
func printFingerprints(out io.Writer, pool *simulator.Pool, hosts []simulator.HostState) error {
	for _, h := range hosts {
		if !strings.HasPrefix(h.URL, "https:") {
			continue
		}
		fingerprint, err := pool.Fingerprint(h.Name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  SHA-256 %s\n", h.Name, fingerprint)
	}
	return nil
}
