package xapi

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xencontroller/xencontroller/internal/wire/jsonrpc"
	"github.com/xencontroller/xencontroller/internal/wire/record"
	"github.com/xencontroller/xencontroller/internal/wire/xmlrpc"
)

// Protocol is a way to write calls.
type Protocol string

// The protocols of XAPI. Sessions, tasks and events are the same through each of them.
const (
	// ProtocolAuto uses JSON with hosts that answer as JSON, XML with others. A call whose reply cannot be read in one of
	// them goes through the other from then on; that is reported.
	ProtocolAuto Protocol = "auto"
	// ProtocolXML is XML-RPC, which every release speaks.
	ProtocolXML Protocol = "xml"
	// ProtocolJSON is JSON-RPC: 2.0, or 1.0 with a host that refuses that. xapi: since 6.5.
	ProtocolJSON Protocol = "json"
)

func (p Protocol) check() error {
	switch p {
	case "", ProtocolAuto, ProtocolXML, ProtocolJSON:
		return nil
	}
	return fmt.Errorf("protocol %q is none of %s, %s and %s", string(p), ProtocolAuto, ProtocolXML, ProtocolJSON)
}

// codecs are the ways to write calls that a client knows. Their decoders remember what values look like.
type codecs struct {
	xml   *xmlCodec
	json  *jsonCodec
	json1 *jsonCodec
}

func newCodecs() *codecs {
	d := jsonrpc.NewDecoder(record.Limits{})
	return &codecs{
		xml:  &xmlCodec{xmlrpc.NewDecoder(record.Limits{})},
		json: &jsonCodec{jsonrpc.V2, d}, json1: &jsonCodec{jsonrpc.V1, d},
	}
}

// of lists the codecs that a protocol allows, in the order to be tried.
func (c *codecs) of(p Protocol) []codec {
	switch p {
	case ProtocolXML:
		return []codec{c.xml}
	case ProtocolJSON:
		return []codec{c.json, c.json1}
	default:
		return []codec{c.json, c.json1, c.xml}
	}
}

// codec is a way to write calls and to read replies.
type codec interface {
	protocol() Protocol
	path() string // where calls are posted
	mediaType() string
	isReply(contentType string) bool
	encode(method string, params []any) ([]byte, error)
	decode(r io.Reader, into any) error
}

// unreadable reports whether an error of decode says that the reply is at fault, not the way that it came.
func unreadable(err error) bool {
	return isA[*record.SyntaxError](err) || isA[*record.TypeError](err) || errors.Is(err, record.ErrTooLong)
}

// xmlCodec is XML-RPC.
type xmlCodec struct{ decoder *xmlrpc.Decoder }

func (*xmlCodec) protocol() Protocol { return ProtocolXML }
func (*xmlCodec) path() string       { return "/" }
func (*xmlCodec) mediaType() string  { return "text/xml" }

func (*xmlCodec) isReply(contentType string) bool {
	return strings.Contains(contentType, "xml") && !strings.Contains(contentType, "xhtml")
}

func (*xmlCodec) encode(method string, params []any) ([]byte, error) {
	return xmlrpc.EncodeCall(method, params...)
}

func (c *xmlCodec) decode(r io.Reader, into any) error { return c.decoder.DecodeReply(r, into) }

// jsonCodec is one version of JSON-RPC. xapi: hosts that do not know the door take its calls for XML-RPC.
type jsonCodec struct {
	version jsonrpc.Version
	decoder *jsonrpc.Decoder
}

func (*jsonCodec) protocol() Protocol              { return ProtocolJSON }
func (*jsonCodec) path() string                    { return "/jsonrpc" }
func (*jsonCodec) mediaType() string               { return "application/json" }
func (*jsonCodec) isReply(contentType string) bool { return strings.Contains(contentType, "json") }

// encode writes a call. Its id is always the same: a connection carries one call at a time.
func (c *jsonCodec) encode(method string, params []any) ([]byte, error) {
	return jsonrpc.EncodeCall(c.version, 1, method, params...)
}

func (c *jsonCodec) decode(r io.Reader, into any) error { return c.decoder.DecodeReply(r, into) }
