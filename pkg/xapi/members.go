package xapi

import (
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// SetMembers says which hosts the pool has, by their host.address. They are asked in a search besides Config.Addresses,
// each in the way that the last master was reached. The list replaces the one before.
func (c *Client) SetMembers(addresses []string) {
	c.mu.Lock()
	c.members = slices.Clone(addresses)
	c.mu.Unlock()
	if c.stateFile != nil {
		c.behind.start(c.saveState)
	}
}

// memberURLs turns host addresses into endpoints, as failover knows them. What is no address is left out: a host
// without management has an empty one.
func (c *Client) memberURLs(like endpoint) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var urls []string
	for _, a := range c.members {
		if e, err := like.sibling(a); err == nil {
			urls = append(urls, e.String())
		}
	}
	return urls
}

// namedMaster is the address that an answer names as the master's, as failover knows it; empty if it names none.
func namedMaster(from endpoint, err error) string {
	address := ""
	if other, ok := asNotMaster(err); ok {
		address = other.master
	} else if fault, ok := asFault(err); ok && fault.Code == xen.HostIsSlave {
		address = fault.Param(0)
	}
	if address == "" {
		return ""
	}
	e, err := from.sibling(address)
	if err != nil {
		return ""
	}
	return e.String()
}
