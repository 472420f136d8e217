package simulation

import (
	"slices"
	"time"
)

// timeline is what something was, and since when, oldest first.
type timeline []moment

type moment struct {
	since time.Time
	value string
}

// set notes what it is from now on. The times rise.
func (t *timeline) set(at time.Time, value string) {
	if n := len(*t); n > 0 && (*t)[n-1].value == value {
		return
	}
	*t = append(*t, moment{at, value})
}

func (t timeline) now() string {
	if len(t) == 0 {
		return ""
	}
	return t[len(t)-1].value
}

// since is since when it is what it is now.
func (t timeline) since() time.Time {
	if len(t) == 0 {
		return time.Time{}
	}
	return t[len(t)-1].since
}

// during lists what it was at any time since then, the newest first.
func (t timeline) during(since time.Time) (values []string) {
	for _, v := range slices.Backward(t) {
		values = append(values, v.value)
		if !v.since.After(since) {
			break
		}
	}
	return values
}

// was reports whether it was so at any time since then.
func (t timeline) was(value string, since time.Time) bool {
	for _, v := range slices.Backward(t) {
		if v.value == value {
			return true
		}
		if !v.since.After(since) {
			break
		}
	}
	return false
}

// yesNo is a timeline's value for a bool.
func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
