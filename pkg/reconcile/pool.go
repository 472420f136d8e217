package reconcile

import "github.com/xencontroller/xencontroller/pkg/xapi"

// PoolOf lets a controller act through a client. The controller never logs in: that is the informer's part, which lists
// the pool anew before anything is decided.
func PoolOf(c *xapi.Client) Pool { return clientPool{c} }

type clientPool struct{ client *xapi.Client }

// At implements Pool.
func (p clientPool) At(epoch uint64) (Session, bool) {
	s := p.client.Current()
	if s == nil || s.Epoch() != epoch {
		return nil, false
	}
	return s, true
}
