package xapid

// JSONCall is a request of JSON-RPC with what its reply has to repeat.
type JSONCall struct {
	Call
	Two bool // "jsonrpc":"2.0"; false: version 1, which names none
	ID  any  // int64 or string
}

func malformedRequest(text string) *ParseError {
	return &ParseError{"Jsonrpc.Malformed_method_request(" + ocamlQuote(text) + ")"}
}

// ParseJSONCall reads a request as rpclib does for xapi: no batch, no notification, no other version, and in version 2
// an object for params is one parameter. Member order is free, unknown members are ignored, of equal ones the first counts.
func ParseJSONCall(body []byte) (JSONCall, error) {
	v, err := readJSON(body)
	if err != nil {
		return JSONCall{}, err
	}
	members, ok := v.(Map)
	if !ok {
		return JSONCall{}, malformedRequest("Invalid request body")
	}
	var c JSONCall
	for _, read := range [...]func(Map) *ParseError{c.readMethod, c.readVersion, c.readParams, c.readID} {
		if err := read(members); err != nil {
			return JSONCall{}, err
		}
	}
	return c, nil
}

func (c *JSONCall) readMethod(members Map) *ParseError {
	v, ok := members.Get("method")
	if !ok {
		return malformedRequest("Required field method is missing")
	}
	if c.Method, ok = v.(string); !ok {
		return malformedRequest("Invalid field 'method' in request body")
	}
	return nil
}

func (c *JSONCall) readVersion(members Map) *ParseError {
	v, given := members.Get("jsonrpc")
	c.Two = v == "2.0"
	if given && !c.Two {
		return malformedRequest("Invalid field 'jsonrpc' in request body")
	}
	return nil
}

func (c *JSONCall) readParams(members Map) *ParseError {
	v, given := members.Get("params")
	if !given {
		if !c.Two {
			return malformedRequest("Required field params is missing")
		}
		v = Nil{}
	}
	switch v := v.(type) {
	case Set:
		c.Params = v
		return nil
	case Map:
		if c.Two {
			c.Params = []any{v}
			return nil
		}
	case Nil:
		if c.Two {
			c.Params = []any{}
			return nil
		}
	}
	return malformedRequest("Invalid field 'params' in request body")
}

func (c *JSONCall) readID(members Map) *ParseError {
	v, _ := members.Get("id")
	switch v.(type) {
	case int64, string:
		c.ID = v
		return nil
	}
	return malformedRequest("Invalid field 'id' in request body")
}
