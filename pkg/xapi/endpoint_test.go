package xapi

import (
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	tests := []struct{ text, want, dial string }{
		{"http://xen-1", "http://xen-1", "tcp xen-1:80"},
		{"http://xen-1/", "http://xen-1", "tcp xen-1:80"},
		{"http://xen-1:80", "http://xen-1", "tcp xen-1:80"},
		{"https://Xen-1.Example.ORG", "https://xen-1.example.org", "tcp xen-1.example.org:443"},
		{"https://xen-1:8443", "https://xen-1:8443", "tcp xen-1:8443"},
		{"http://xen-1:443", "http://xen-1:443", "tcp xen-1:443"},
		{"http://[fd00:0:0::1]:8080", "http://[fd00::1]:8080", "tcp [fd00::1]:8080"},
		{"https://[fd00::1]", "https://[fd00::1]", "tcp [fd00::1]:443"},
		{"unix:///var/xapi/xapi", "unix:///var/xapi/xapi", "unix /var/xapi/xapi"},
		{"", "error: an address of a pool is empty: write https://host[:port], http://host[:port] or unix:///path", ""},
		{"xen-1", `error: address "xen-1" has no scheme`, ""},
		{"xen-1:443", `error: address "xen-1:443" has no scheme`, ""},
		{"htps://xen-1", `error: address "htps://xen-1" has the unknown scheme "htps"`, ""},
		{"https:///", `error: address "https:///" has no host`, ""},
		{"https://:443", `error: address "https://:443" has no host`, ""},
		{"https://xen-1/RPC2", `error: address "https://xen-1/RPC2" goes on behind the host`, ""},
		{"https://xen-1?x=1", `goes on behind the host`, ""},
		{"https://xen-1:99999", `error: port "99999" of xen-1 is not between 1 and 65535`, ""},
		{"https://xen-1:", `error: address "https://xen-1:" ends where its port should stand`, ""},
		{"https://fd00::1", "(an IPv6 address stands in brackets)", ""},
		{"https://xen 1", "cannot be read", ""},
		{"unix://var/xapi", `needs an absolute path, with three slashes`, ""},
		{"https://root:secret@xen-1", "error: an address of a pool holds no user and no password", ""},
	}
	for _, tt := range tests {
		e, err := parseEndpoint(tt.text)
		got := e.String()
		if err != nil {
			got = "error: " + err.Error()
			if strings.Contains(got, "secret") {
				t.Errorf("%s: the error shows the password: %s", tt.text, got)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("%s: %s\nwant: %s", tt.text, got, tt.want)
			}
			continue
		}
		network, address := e.dialTo()
		if got != tt.want || network+" "+address != tt.dial {
			t.Errorf("%s: %s, dials %s %s; want %s, %s", tt.text, got, network, address, tt.want, tt.dial)
		}
		if again, err := parseEndpoint(got); again != e || err != nil {
			t.Errorf("%s: written as %s, which reads as %v, %v", tt.text, got, again, err)
		}
	}
}

func TestSibling(t *testing.T) {
	tests := []struct{ from, host, want string }{
		{"http://10.0.0.1:8080", "10.0.0.2", "http://10.0.0.2:8080"},
		{"https://xen-1", "10.0.0.2", "https://10.0.0.2"},
		{"https://xen-1", "fd00::2", "https://[fd00::2]"},
		{"https://xen-1", "http://10.0.0.2", "http://10.0.0.2"},
		{"unix:///var/xapi/xapi", "10.0.0.2", "https://10.0.0.2"},
		{"https://xen-1", "", "names no address of its master"},
		{"https://xen-1", "a/b", "neither a host name nor an address"},
		{"https://xen-1", "evil@host", ""},
	}
	for _, tt := range tests {
		from, err := parseEndpoint(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		e, err := from.sibling(tt.host)
		got := e.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s names %q: %s, want %s", tt.from, tt.host, got, tt.want)
		}
	}
}

func TestConfigCheck(t *testing.T) {
	tests := []struct {
		cfg  Config
		want string
	}{
		{Config{}, "no address of a pool is given"},
		{Config{Addresses: []string{"https://a", "b"}}, `address "b" has no scheme`},
		{Config{Addresses: []string{"https://a"}}, "https://a needs a user and a password (--username, --password-file)"},
		{Config{Addresses: []string{"unix:///a"}}, ""},
		{Config{Addresses: []string{"unix:///a"}, Timeout: -1}, "negative"},
		{Config{Addresses: []string{"unix:///a"}, TLS: TLSConfig{CAFile: "x", Insecure: true}}, "give only one of --ca-file"},
		{Config{Addresses: []string{"unix:///a"}, TLS: TLSConfig{CAFile: "testdata/no-such-file"}}, "certificates to trust: open testdata/no-such-file"},
		{Config{Addresses: []string{"unix:///a"}, TLS: TLSConfig{CAFile: "doc.go"}}, "doc.go holds no certificate in PEM form"},
		{Config{Addresses: []string{"unix:///a"}, TLS: TLSConfig{Fingerprint: "AB:CD"}}, `TLS fingerprint "AB:CD" is not a SHA-256 in hex`},
	}
	for _, tt := range tests {
		_, err := New(tt.cfg)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %s", tt.cfg.Addresses, err, tt.want)
		}
	}
}
