package xapid

// CheckText finds the first parameter with a string in it that XML could not carry: bytes that are no UTF-8, or control
// characters. Requests in XML have none, their reader sees to that; in JSON xapi looks for them before it dispatches.
// The text is what xapi says of the parameter.
func CheckText(params []any) (text string, bad bool) {
	for _, p := range params {
		if !carriable(p) {
			return Describe(p), true
		}
	}
	return "", false
}

func carriable(v any) bool {
	switch v := v.(type) {
	case string:
		return firstBad(v) < 0
	case Set:
		for _, e := range v {
			if !carriable(e) {
				return false
			}
		}
	case Map:
		for _, e := range v {
			if !carriable(e.Key) || !carriable(e.Value) {
				return false
			}
		}
	}
	return true
}
