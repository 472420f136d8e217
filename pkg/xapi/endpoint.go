package xapi

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// endpoint is one address of a pool, parsed. Two that are written differently and mean the same compare equal, as far as
// that can be seen without asking a name server.
type endpoint struct {
	scheme string // http, https, unix
	host   string // name or address without brackets; unix: the path of the socket
	port   string // empty with unix
}

const addressForms = "write https://host[:port], http://host[:port] or unix:///path"

// parseEndpoint reads an address as people write it.
func parseEndpoint(text string) (endpoint, error) {
	if strings.Contains(text, "@") {
		return endpoint{}, fmt.Errorf("an address of a pool holds no user and no password: %s, and give those apart", addressForms)
	}
	scheme, rest, found := strings.Cut(text, "://")
	switch {
	case text == "":
		return endpoint{}, fmt.Errorf("an address of a pool is empty: %s", addressForms)
	case !found:
		return endpoint{}, fmt.Errorf("address %q has no scheme: %s", text, addressForms)
	case scheme == "unix":
		if !strings.HasPrefix(rest, "/") {
			return endpoint{}, fmt.Errorf("address %q needs an absolute path, with three slashes: unix:///path", text)
		}
		return endpoint{scheme: scheme, host: rest}, nil
	case scheme != "http" && scheme != "https":
		return endpoint{}, fmt.Errorf("address %q has the unknown scheme %q: %s", text, scheme, addressForms)
	}
	u, err := url.Parse(text)
	if err != nil {
		return endpoint{}, fmt.Errorf("address %q cannot be read: %s (an IPv6 address stands in brackets)", text, addressForms)
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" {
		return endpoint{}, fmt.Errorf("address %q goes on behind the host: %s", text, addressForms)
	}
	if u.Hostname() == "" {
		return endpoint{}, fmt.Errorf("address %q has no host: %s", text, addressForms)
	}
	if strings.HasSuffix(u.Host, ":") {
		return endpoint{}, fmt.Errorf("address %q ends where its port should stand: %s", text, addressForms)
	}
	return newEndpoint(scheme, u.Hostname(), u.Port())
}

// newEndpoint puts an endpoint into its one form.
func newEndpoint(scheme, host, port string) (endpoint, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	} else if strings.ContainsAny(host, ":/?# \t\r\n\x00[]") {
		return endpoint{}, fmt.Errorf("%q is neither a host name nor an address", host)
	}
	switch {
	case port == "" && scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return endpoint{}, fmt.Errorf("port %q of %s is not between 1 and 65535", port, host)
	}
	return endpoint{scheme: scheme, host: strings.ToLower(host), port: port}, nil
}

// sibling is the same way to another member: same scheme, same port. The host is an address as xapi names it
// (host.address, HOST_IS_SLAVE): bare, IPv6 without brackets. From a unix socket the way to others is https.
func (e endpoint) sibling(host string) (endpoint, error) {
	if strings.Contains(host, "://") {
		return parseEndpoint(host)
	}
	if host == "" {
		return endpoint{}, fmt.Errorf("%s names no address of its master", e)
	}
	if e.scheme == "unix" {
		return newEndpoint("https", host, "")
	}
	return newEndpoint(e.scheme, host, e.port)
}

// String is the endpoint as it stands in messages and as failover knows it: default ports are left out.
func (e endpoint) String() string {
	switch {
	case e.scheme == "unix":
		return "unix://" + e.host
	case e.scheme == "http" && e.port == "80", e.scheme == "https" && e.port == "443":
		if strings.Contains(e.host, ":") {
			return e.scheme + "://[" + e.host + "]"
		}
		return e.scheme + "://" + e.host
	}
	return e.scheme + "://" + net.JoinHostPort(e.host, e.port)
}

// dialTo is what the dialer is asked for.
func (e endpoint) dialTo() (network, address string) {
	if e.scheme == "unix" {
		return "unix", e.host
	}
	return "tcp", net.JoinHostPort(e.host, e.port)
}

// url is where requests are posted. xapi: every POST path that is not another door is XML-RPC.
func (e endpoint) url(path string) string {
	if e.scheme == "unix" {
		return "http://localhost" + path
	}
	return e.String() + path
}
