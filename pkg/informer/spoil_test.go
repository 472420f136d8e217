package informer_test

import (
	"bytes"
	"context"
	"net"

	"github.com/xencontroller/xencontroller/pkg/xapi"
)

// spoil lets every reply that the informer reads say other words in the place of some: one, its replacement, another, its.
func spoil(words ...string) func(*world) {
	return func(w *world) {
		reach := w.reach
		w.reach = func(cfg *xapi.Config) {
			reach(cfg)
			dial := cfg.Dial
			cfg.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := dial(ctx, network, addr)
				if err != nil {
					return nil, err
				}
				return &spoiledConn{Conn: conn, words: words}, nil
			}
		}
	}
}

// spoiledConn is a connection whose incoming bytes are changed. A word and its replacement are of one length, and no reply
// ends in the beginning of a word.
type spoiledConn struct {
	net.Conn
	words []string
	ready []byte // read and spoiled, not handed out
	cut   []byte // read, and perhaps the beginning of a word
	err   error
}

func (c *spoiledConn) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		buf := make([]byte, 32<<10)
		var n int
		n, c.err = c.Conn.Read(buf)
		c.ready = append(c.cut, buf[:n]...)
		c.cut = nil
		c.spoil()
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

func (c *spoiledConn) spoil() {
	whole := len(c.ready)
	for i := 0; i < len(c.words); i += 2 {
		word := []byte(c.words[i])
		c.ready = bytes.ReplaceAll(c.ready, word, []byte(c.words[i+1]))
		for k := min(len(word)-1, len(c.ready)); k > 0; k-- {
			if bytes.HasSuffix(c.ready, word[:k]) {
				whole = min(whole, len(c.ready)-k)
				break
			}
		}
	}
	if c.err == nil {
		c.ready, c.cut = c.ready[:whole:whole], c.ready[whole:]
	}
}
