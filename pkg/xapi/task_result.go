package xapi

import (
	"io"
	"strings"

	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// decodeResult reads the result of a task that succeeded. xapi: whatever protocol is spoken it is the XML-RPC text of what
// the call returns, <value>OpaqueRef:…</value>, and for void perhaps nothing at all.
func decodeResult(task *xen.Task, into any) error {
	if _, void := into.(*xen.Void); void {
		return nil
	}
	reply := io.MultiReader(
		strings.NewReader("<methodResponse><params><param><value><struct><member><name>Status</name><value>Success</value></member><member><name>Value</name>"),
		strings.NewReader(task.Result),
		strings.NewReader("</member></struct></value></param></params></methodResponse>"))
	if err := xmlrpc.DecodeReply(reply, into); err != nil {
		return &ReplyError{Address: "task " + string(task.UUID), Method: task.NameLabel, Err: err}
	}
	return nil
}
