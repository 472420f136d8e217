package xapi

import (
	"context"
	"time"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// EventsFrom asks what changed since a token (event.from), and waits up to the given time if nothing did: an empty batch
// with a token is an answer. The empty token stands for the beginning: every object of the classes comes as added. Classes
// are event words, "*", or "vm/OpaqueRef:…". It has a connection of its own, as event.next has, and a deadline:
// Config.Timeout beyond the time to wait. xapi remembers nothing between calls: one that broke may be made again.
//
// xapi: a token is good for one life of the server only and is not checked; never take one into another session. Of
// deletions only the newest 256 to 512 a class are told, without a word when there were more: compare ValidRefCounts. A
// wake-up may be lost in a race, so do not wait longer than 30 s.
func (s *Session) EventsFrom(ctx context.Context, classes []string, token string, wait time.Duration) (xen.EventBatch, error) {
	var batch xen.EventBatch
	err := s.do(ctx, exchange{
		req: xen.EventFrom(classes, token, wait.Seconds()).Request, into: &batch, events: true,
		timeout: wait + s.client.cfg.Timeout,
	})
	return batch, err
}
