package record

import (
	"bytes"
	"time"
)

// forms are the ways to write a date. xapi: the first; the last is host.get_server_localtime's, which has no zone.
var forms = []string{"20060102T15:04:05Z07:00", time.RFC3339, "20060102T15:04:05", "2006-01-02T15:04:05"} //nolint:gochecknoglobals // never written

// Time reads a date, in UTC; an empty text is the zero time.
func Time(raw []byte) (t time.Time, ok bool) {
	if t, ok := plainTime(raw); ok {
		return t, true
	}
	text := string(bytes.TrimSpace(raw))
	if text == "" {
		return time.Time{}, true
	}
	for _, form := range forms {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// plainTime reads what xapi writes, "20260821T02:00:23Z", without the cost of a general parser.
func plainTime(raw []byte) (t time.Time, ok bool) {
	if len(raw) != 18 || raw[8] != 'T' || raw[11] != ':' || raw[14] != ':' || raw[17] != 'Z' {
		return t, false
	}
	year, ok1 := digits(raw[:4])
	month, ok2 := digits(raw[4:6])
	day, ok3 := digits(raw[6:8])
	hour, ok4 := digits(raw[9:11])
	minute, ok5 := digits(raw[12:14])
	second, ok6 := digits(raw[15:17])
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return t, false // days beyond the 28th: the calendar is the general parser's business
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), true
}

func digits(raw []byte) (n int, ok bool) {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
