package xapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
)

// savedState is what a file of Config.StateFile remembers of a pool, so that it is found again after a restart although
// no configured address answers any more. It holds no password and no session.
type savedState struct {
	Version    int               `json:"version"`
	Pool       string            `json:"pool"`       // uuid
	Master     string            `json:"master"`     // URL
	Members    []string          `json:"members"`    // addresses, as host.address has them
	Configured []string          `json:"configured"` // URLs, as Config.Addresses had them then
	Pins       map[string]string `json:"pins,omitempty"`
}

const stateVersion = 1

// stateFile is the file of a client. Its methods are safe for concurrent use.
type stateFile struct {
	path string
	pool string // uuid that only the file says; empty: it was configured, or is not known yet

	mu      sync.Mutex
	written []byte // the last, to write nothing twice
	told    bool   // that it cannot be written
}

// readState reads the file. It has to be of the pool that is configured: the one with the uuid, if that is given, and
// otherwise one that was configured with an address that still is.
func readState(path, poolUUID string, addresses []endpoint) (savedState, error) {
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		return savedState{}, nil
	}
	if err != nil {
		return savedState{}, err
	}
	var s savedState
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return savedState{}, fmt.Errorf("%s is no state of a pool: %w", path, err)
	}
	switch {
	case s.Version != stateVersion:
		return savedState{}, fmt.Errorf("%s is of version %d; this program knows %d", path, s.Version, stateVersion)
	case s.Pool == "" || poolUUID != "" && s.Pool != poolUUID:
		return savedState{}, fmt.Errorf("%s is of pool %q, not of pool %q", path, s.Pool, poolUUID)
	case poolUUID == "" && !slices.ContainsFunc(addresses, func(e endpoint) bool { return slices.Contains(s.Configured, e.String()) }):
		return savedState{}, fmt.Errorf("%s was made with other addresses (%v), and so perhaps for another pool", path, s.Configured)
	}
	if _, err := parseEndpoint(s.Master); err != nil {
		return savedState{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// remember begins with what the file knows. A file that is of no use is told of, and replaced when the pool is found.
func (c *Client) remember() {
	if c.cfg.StateFile == "" {
		return
	}
	c.stateFile = &stateFile{path: c.cfg.StateFile}
	saved, err := readState(c.cfg.StateFile, c.cfg.PoolUUID, c.addresses)
	if err != nil {
		c.log.Info("what was known of the pool cannot be used; going on with the configured addresses", "problem", err.Error())
		return
	}
	if saved.Pool == "" {
		return
	}
	if c.cfg.PoolUUID == "" {
		c.stateFile.pool = saved.Pool
	}
	c.search.state.Pool, c.search.state.Last = saved.Pool, saved.Master
	c.members = saved.Members
	for address, text := range saved.Pins {
		if is, err := parsePin(text); err == nil && c.trust.pins != nil && c.trust.pins.firstUse == nil {
			c.trust.pins.learn(address, is)
		}
	}
	c.log.Info("the pool is known from before", "poolUUID", saved.Pool, "master", saved.Master, "members", saved.Members)
}

// saveState writes down what is known, if that is new. A file that cannot be written is told of, once.
func (c *Client) saveState() {
	f := c.stateFile
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := c.stateNow()
	if !ok {
		return // the next session will be reason enough
	}
	if err := f.write(s); err != nil && !f.told {
		f.told = true
		c.log.Info("what is known of the pool could not be written down", "problem", err.Error())
	}
}

// stateNow is what is worth remembering; false: there is no session to know it from.
func (c *Client) stateNow() (savedState, bool) {
	s := savedState{Version: stateVersion}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return s, false
	}
	s.Pool, s.Master, s.Members = c.current.pool, c.current.wire.endpoint.String(), slices.Clone(c.members)
	for _, e := range c.addresses {
		s.Configured = append(s.Configured, e.String())
	}
	if c.trust.pins != nil && c.trust.pins.firstUse == nil {
		s.Pins = map[string]string{}
		for address, is := range c.trust.pins.all() {
			s.Pins[address] = is.String()
		}
	}
	return s, true
}

// write replaces the file, if there is anything new. The lock must be held.
func (f *stateFile) write(s savedState) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil || bytes.Equal(text, f.written) {
		return err
	}
	if err := writePrivate(f.path, append(text, '\n')); err != nil {
		return err
	}
	f.written, f.told = text, false
	return nil
}

// saying is the path of the file if nothing else says that this pool is wanted.
func (f *stateFile) saying(pool string) string {
	if f == nil || f.pool != pool {
		return ""
	}
	return f.path
}
