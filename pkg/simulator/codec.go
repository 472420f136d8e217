package simulator

import "github.com/xencontroller/xencontroller/internal/wire/xapid"

// door is what answers calls at a path: XML-RPC or JSON-RPC.
type door struct {
	contentType string
	read        func(body []byte) (request, encoder, *httpPage)
}

// encoder writes the reply to one call, in the protocol and version that it was made in.
type encoder func(dst []byte, r reply) []byte

// doorAt returns the door at a prefix: /json is XML both ways, and what is no door of calls is nil.
func (p *Pool) doorAt(prefix string) *door {
	switch prefix {
	case "/jsonrpc":
		if p.model.since(24, 18) {
			return &door{"application/json", jsonReader(xapid.AppendEarlyFailure)}
		}
		return &door{"application/json", jsonReader(xapid.AppendOldEarlyFailure)}
	case "/", "/RPC2", "/json":
		return &door{"text/xml", readXML}
	}
	return nil
}

func readXML(body []byte) (request, encoder, *httpPage) {
	call, err := xapid.ParseCall(body)
	if err != nil {
		return request{}, nil, internalPage(err.Error())
	}
	return request{method: call.Method, params: call.Params}, writeXML, nil
}

func writeXML(dst []byte, r reply) []byte {
	switch {
	case r.failure != nil:
		return xapid.AppendFailure(dst, r.failure.description())
	case r.bare:
		return xapid.AppendBare(dst, r.value)
	default:
		return xapid.AppendSuccess(dst, r.value)
	}
}

// jsonReader reads calls of JSON-RPC; early writes failures that were raised before the dispatcher.
func jsonReader(early func(dst []byte, description []string) []byte) func([]byte) (request, encoder, *httpPage) {
	return func(body []byte) (request, encoder, *httpPage) {
		call, err := xapid.ParseJSONCall(body)
		if err != nil {
			return request{}, nil, internalPage(err.Error())
		}
		write := func(dst []byte, r reply) []byte {
			switch {
			case r.early:
				return early(dst, r.failure.description())
			case r.failure != nil:
				return call.AppendFailure(dst, r.failure.description())
			default:
				return call.AppendSuccess(dst, r.value)
			}
		}
		return request{method: call.Method, params: call.Params, unchecked: true}, write, nil
	}
}
