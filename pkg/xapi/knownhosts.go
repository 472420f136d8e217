package xapi

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// knownHosts is a file of certificates, for people to read and to edit: a line each with the uuid of the pool (or "-"
// before it was known), the address, and the SHA-256. Several clients may share one.
type knownHosts struct {
	path string
	mu   sync.Mutex // one writer of this process
}

const knownHostsHead = "# Certificates of hosts, as they were first seen: the pool's uuid, the address, the SHA-256.\n" +
	"# When the certificate of a host was renewed, compare it on the host and delete its line here.\n"

// hostLine is one line of the file.
type hostLine struct {
	pool, address string
	is            pin
}

// openKnownHosts reads the file. One that cannot be understood is an error: to begin anew would be to trust anybody.
func openKnownHosts(path string) (*pins, error) {
	k := &knownHosts{path: path}
	lines, err := k.read()
	if err != nil {
		return nil, fmt.Errorf("certificates of known hosts (--tls-known-hosts): %w", err)
	}
	p := &pins{firstUse: k, known: map[string]pin{}, unsure: map[string]pin{}}
	for _, l := range lines {
		p.known[l.address] = l.is
	}
	return p, nil
}

// read returns the lines of the file; none if there is no file yet.
func (k *knownHosts) read() ([]hostLine, error) {
	text, err := readPrivate(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []hostLine
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		l, err := parseHostLine(words)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", k.path, n, err)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

func parseHostLine(words []string) (hostLine, error) {
	if len(words) != 3 {
		return hostLine{}, errors.New("a line is a pool's uuid, an address and a SHA-256")
	}
	e, err := parseEndpoint(words[1])
	if err != nil {
		return hostLine{}, err
	}
	is, err := parsePin(words[2])
	return hostLine{words[0], e.String(), is}, err
}

// save adds and replaces the lines of addresses, and leaves all others as they are: other clients write the file too.
func (k *knownHosts) save(pool string, known map[string]pin) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	lines, err := k.read()
	if err != nil {
		return err
	}
	if pool == "" {
		pool = "-"
	}
	before := slices.Clone(lines)
	for address, is := range known {
		i := slices.IndexFunc(lines, func(l hostLine) bool { return l.address == address })
		if i < 0 {
			lines, i = append(lines, hostLine{pool: "-"}), len(lines)
		}
		lines[i].address, lines[i].is = address, is
		if lines[i].pool == "-" {
			lines[i].pool = pool
		}
	}
	if slices.Equal(before, lines) {
		return nil
	}
	slices.SortFunc(lines, func(a, b hostLine) int { return strings.Compare(a.pool+" "+a.address, b.pool+" "+b.address) })
	var text bytes.Buffer
	text.WriteString(knownHostsHead)
	for _, l := range lines {
		fmt.Fprintf(&text, "%s %s %s\n", l.pool, l.address, l.is)
	}
	return writePrivate(k.path, text.Bytes())
}
