package xapi

import (
	"errors"
	"slices"
	"strings"

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
func withoutSecrets(err error, method string, secrets ...string) error {
	cleanText := func(text string) string {
		for _, s := range secrets {
			if s != "" {
				text = strings.ReplaceAll(text, s, redacted)
			}
		}
		return text
	}
	if page, ok := errors.AsType[*HTTPError](err); ok {
		page.Text = cleanText(page.Text)
		return page
	}
	fault, ok := errors.AsType[*xen.Error](err)
	if !ok {
		return err
	}
	clean := &xen.Error{Code: fault.Code, Params: slices.Clone(fault.Params), Method: method}
	for i, p := range clean.Params {
		clean.Params[i] = cleanText(p)
		if fault.Code == xen.SessionInvalid {
			clean.Params[i] = redacted
		}
	}
	return clean
}
