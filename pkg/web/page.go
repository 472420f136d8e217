package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

// pages holds the page and, apart, the part of it that each event of the stream replaces. html/template escapes
// whatever a pool or a manifest puts into it.
//
//nolint:gochecknoglobals // parsed once, never written
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"gib":     func(bytes int64) int64 { return (bytes + 1<<29) >> 30 },
	"percent": func(share float64) int { return int(min(max(share, 0), 1)*100 + 0.5) },
	"took":    func(d time.Duration) string { return d.Round(time.Millisecond).String() },
	"lower":   strings.ToLower,
	"short":   func(hash string) string { return hash[:min(len(hash), 12)] },
}).ParseFS(pageFiles, "page/*.html"))

// pageData is what the templates see.
type pageData struct {
	View
	Version  string
	Groups   []group
	Declared []VirtualMachine
	Ready    int // of Declared
	Drifting int
	Stalled  int
	InFlight int
}

// group is a host with the VMs on it; the last group of a pool has no host, and the VMs that rest.
type group struct {
	Pool string
	Host *Host
	VMs  []VirtualMachine
}

// Used is the host's memory that is taken, in bytes.
func (g group) Used() int64 { return g.Host.MemoryTotalBytes - g.Host.MemoryFreeBytes }

func newPageData(v View, version string) pageData {
	data := pageData{View: v, Version: version}
	for _, pool := range v.Pools {
		data.Groups = append(data.Groups, groupsOf(v, pool.Name)...)
	}
	for _, vm := range v.VirtualMachines {
		if !vm.Managed {
			continue
		}
		data.Declared = append(data.Declared, vm)
		if vm.Ready().Status == "True" {
			data.Ready++
		}
		if len(vm.Drift) > 0 {
			data.Drifting++
		}
		if slices.ContainsFunc(vm.Conditions, func(c Condition) bool { return c.Type == "Stalled" && c.Status == "True" }) {
			data.Stalled++
		}
	}
	for _, a := range v.Actions {
		if a.Finished == nil {
			data.InFlight++
		}
	}
	return data
}

func groupsOf(v View, pool string) []group {
	var groups []group
	index := map[string]int{}
	for i, host := range v.Hosts {
		if host.Pool == pool {
			index[host.Name] = len(groups)
			groups = append(groups, group{Pool: pool, Host: &v.Hosts[i]})
		}
	}
	resting := group{Pool: pool}
	for _, vm := range v.VirtualMachines {
		if vm.Pool != pool {
			continue
		}
		if i, known := index[vm.Host]; known {
			groups[i].VMs = append(groups[i].VMs, vm)
		} else {
			resting.VMs = append(resting.VMs, vm)
		}
	}
	return append(groups, resting)
}

// page answers with the whole page as it is now, so that it can be read without JavaScript.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	text, err := execute("index.html", newPageData(s.config.View(), s.config.Version))
	if err != nil {
		s.config.Log.Error(err, "page not rendered")
		plain(w, http.StatusInternalServerError, "the page could not be rendered\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(text) // the client has gone: nobody is left to tell
}

// renderFragment is the part of the page below its head line.
func renderFragment(v View) ([]byte, error) { return execute("view.html", newPageData(v, "")) }

func execute(name string, data pageData) ([]byte, error) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// asset answers with one of the page's own style sheet and script; templates are not assets.
func asset(w http.ResponseWriter, r *http.Request) {
	types := map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
	contentType, known := types[r.PathValue("file")]
	text, err := fs.ReadFile(pageFiles, "page/"+r.PathValue("file"))
	if !known || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(text) // the client has gone: nobody is left to tell
}
