package wiretest

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// Recording is the reply of a real xapi to a call.
type Recording struct {
	Name   string // case and step
	Method string // what was called; empty where the request says nothing of the kind
	JSON   bool   // whether the reply is JSON; XML otherwise
	Body   string
}

// Recordings reads all recorded replies that are XML-RPC or JSON-RPC from archives that match the pattern.
func Recordings(t testing.TB, pattern string) []Recording {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archive matches %q: %v", pattern, err)
	}
	var list []Recording
	for _, path := range paths {
		method := ""
		for _, f := range readArchive(t, path).Files {
			body := strings.TrimSuffix(string(f.Data), "\n")
			if strings.HasSuffix(f.Name, ".request.body") {
				method = methodOf(body)
			}
			step, ok := strings.CutSuffix(f.Name, ".response.body")
			if !ok {
				continue
			}
			r := Recording{Name: filepath.Base(path) + " " + step, Method: method, Body: body, JSON: strings.HasPrefix(body, "{")}
			if r.JSON || strings.HasPrefix(body, "<?xml") {
				list = append(list, r)
			}
			method = ""
		}
	}
	return list
}

func readArchive(t testing.TB, path string) *txtar.Archive {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // was only read
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return txtar.Parse(data)
}

var methodName = regexp.MustCompile(`<methodName>\s*([A-Za-z_.]+)\s*</methodName>`)

// methodOf is the method that a request calls.
func methodOf(request string) string {
	if found := methodName.FindStringSubmatch(request); found != nil {
		return found[1]
	}
	var call struct{ Method string }
	_ = json.Unmarshal([]byte(request), &call) // not every request is a call
	return call.Method
}
