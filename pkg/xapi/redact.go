package xapi

import (
	"errors"
	"slices"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// redacted stands where a secret stood.
const redacted = "<redacted>"

// secret is a text that must not be printed: a pointer, because package fmt follows those of a struct's fields no
// further, whereas it prints a text there whatever methods its type has.
type secret struct{ text *string }

func newSecret(text string) secret { return secret{&text} }

func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String hides the text.
func (secret) String() string { return redacted }

// GoString hides the text.
func (secret) GoString() string { return redacted }

// withoutSecrets returns an API failure with its method and without the secrets that xapi repeats in its parameters; of
// other errors it cleans the one kind that may hold a server's text.
// xapi: SESSION_INVALID carries the session reference as it was sent; INTERNAL_ERROR may show any argument.
func withoutSecrets(err error, x exchange) error {
	if err == nil {
		return nil
	}
	secrets := append(secretsOf(x.req), x.secrets...)
	if page, ok := errors.AsType[*HTTPError](err); ok {
		page.Text = hideTexts(page.Text, secrets)
		return page
	}
	fault, ok := errors.AsType[*xen.Error](err)
	if !ok {
		return err
	}
	clean := &xen.Error{Code: fault.Code, Params: slices.Clone(fault.Params), Method: x.req.Method}
	for i, p := range clean.Params {
		clean.Params[i] = hideTexts(p, secrets)
		if fault.Code == xen.SessionInvalid {
			clean.Params[i] = redacted
		}
	}
	return clean
}
