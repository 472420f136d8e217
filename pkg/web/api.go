package web

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// items is the envelope of every list, so that fields can be added beside it.
type items[T any] struct {
	Items []T `json:"items"`
}

// list answers with one list of the view. An empty list is [], never null.
func list[T any](s *Server, pick func(View) []T) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		all := pick(s.config.View())
		if all == nil {
			all = []T{}
		}
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(items[T]{all}); err != nil {
			s.config.Log.Error(err, "view not encoded")
			plain(w, http.StatusInternalServerError, "the view could not be encoded\n")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(b.Bytes()) // the client has gone: nobody is left to tell
	}
}
