package simulator

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// TestGolden sends what was sent to a real xapi and wants what it answered: status, headers and body, byte for byte, but
// for references and uuids that are made on the way, times, and the steps that a case leaves out, each with its reason.
func TestGolden(t *testing.T) {
	const (
		progress = "shows the progress of a real hypervisor at that moment"
		debug    = "shows debug_info of a real hypervisor"
		notYet   = "is not simulated yet"
		grown    = "shows a record that has grown since"
		missing  = "lists objects that are not among the recorded ones"
		counts   = "depends on how much was written before"
		handlers = "HTTP handlers beside the calls are not simulated"
	)
	cases := []struct {
		name string
		skip map[string]string // step prefix: reason
	}{
		{"http", nil},
		{"dispatch-errors", nil},
		{"session-login", nil},
		{"strings", nil},
		{"maps", nil},
		{"event-next", map[string]string{"01": counts, "05": counts, "15": counts, "20": counts, "33": counts, "34": counts}},
		{"tasks", map[string]string{"02": progress, "05": progress, "07": debug, "09": debug, "23": progress, "24": debug}},
		{"slave", map[string]string{"15": notYet, "21": handlers, "22": handlers}},
		{"introspection", nil},
		{"getters", map[string]string{"04": missing, "12": missing, "30": grown, "37": missing}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newReplay(t, c.name, c.skip).run(c.name) })
		})
	}
}

// quick are the steps that come before what the step before began is over.
var quick = map[string]bool{"tasks/02": true, "tasks/04": true, "tasks/05": true, "tasks/06": true, "tasks/22": true, "tasks/40": true, "tasks/41": true, "tasks/42": true}

// wereHalted are the steps before which the recorder halted its VMs without writing it down.
var wereHalted = map[string]bool{"tasks/08": true, "tasks/21": true}

// replay is a pool with the objects of the recorded one.
type replay struct {
	t       *testing.T
	pool    *Pool
	address string
	skip    map[string]string
	learned map[string]string // token of the recording: ours
	loaded  map[string]bool   // tokens that were given
}

func newReplay(t *testing.T, name string, skip map[string]string) *replay {
	r := &replay{t: t, pool: Start(t, Model{VMs: -1}), address: "10.0.0.1", skip: skip, learned: make(map[string]string), loaded: make(map[string]bool)}
	r.load()
	if name == "tasks" {
		r.pool.behaviours["VM.start"] = startForASecond
	}
	if name == "slave" {
		r.address = "10.0.0.2"
	}
	return r
}

// startForASecond is VM.start as far as its task shows it: the recorded pool has no disks and no memory here.
func startForASecond(c *call) (any, error) {
	err := c.view(func(t *tx) error {
		if err := t.must("VM", c.str(0)); err != nil {
			return err
		}
		if state := t.str("VM", c.str(0), "power_state"); state != "Halted" {
			return fail("VM_BAD_POWER_STATE", c.str(0), "halted", strings.ToLower(state))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.cancellable(true)
	if err := c.sleep(time.Second); err != nil {
		return nil, err
	}
	return nil, c.update(func(t *tx) error { t.set("VM", c.str(0), "power_state", "Running"); return nil })
}

// load replaces the pool's objects by the recorded ones.
func (r *replay) load() {
	ar, err := txtar.ParseFile("testdata/golden/rows.txtar")
	if err != nil {
		r.t.Fatal(err)
	}
	p := r.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	tx := &tx{life: p.life}
	p.life.db.tables = newDB(p.schema).tables
	for _, f := range ar.Files {
		rows, err := readReply(f.Data)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, e := range rows.(Map) {
			tx.createAs(f.Name, e.Key, r.fields(p.schema.classes[f.Name], e.Value.(Map)))
			r.loaded[e.Key] = true
		}
	}
	master := tx.str("pool", tx.the("pool"), "master")
	p.master.host = master
	for _, m := range p.members {
		m.follows = tx.str("host", master, "address")
	}
}

func (r *replay) fields(c *class, in Map) values {
	out := values{}
	for _, e := range in {
		v := e.Value
		if t := c.Field(e.Key).Parsed; t.Kind == datamodel.SetKind || t.Kind == datamodel.MapKind || v != "" || t.Kind == datamodel.String {
			x, err := r.pool.schema.convert(v, t)
			if err != nil {
				r.t.Fatalf("%s.%s: %v", c.Name, e.Key, err)
			}
			out[e.Key] = x
		}
	}
	return out
}

type step struct {
	name                                         string
	requestHead, requestBody, wantHead, wantBody []byte
}

func (r *replay) run(name string) {
	data, err := os.ReadFile("testdata/golden/" + name + ".txtar")
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range steps(txtar.Parse(data)) {
		number, _, _ := strings.Cut(s.name, "-")
		if !quick[name+"/"+number] {
			time.Sleep(2 * time.Second)
		}
		if wereHalted[name+"/"+number] {
			r.pool.view(func(t *tx) {
				for _, vm := range t.find("VM", "power_state", "Running") {
					t.set("VM", vm, "power_state", "Halted")
				}
			})
		}
		if reason, ok := r.skip[number]; ok {
			r.t.Logf("%s left out: %s", s.name, reason)
			continue
		}
		r.step(s)
	}
}

// steps puts the parts of each step together.
func steps(ar *txtar.Archive) (list []step) {
	for _, f := range ar.Files {
		i := strings.LastIndex(f.Name, ".re") // .request.head …
		name, part := f.Name[:i], f.Name[i+1:]
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, step{name: name})
		}
		s := &list[len(list)-1]
		data := bytes.TrimSuffix(f.Data, []byte("\n"))
		if strings.HasSuffix(part, "head") {
			data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
		}
		switch part {
		case "request.head":
			s.requestHead = data
		case "request.body":
			s.requestBody = data
		case "response.head":
			s.wantHead = data
		case "response.body":
			s.wantBody = data
		}
	}
	return list
}

func (r *replay) step(s step) {
	r.t.Helper()
	r.admit(s)
	conn := dial(r.t, r.pool, r.address)
	request := string(s.requestHead) + string(s.requestBody)
	for golden, ours := range r.learned {
		request = strings.ReplaceAll(request, golden, ours)
	}
	go func() { _, _ = io.WriteString(conn.conn, request) }() // a refused body is not read to its end
	head, body, err := readRaw(conn.in)
	if err != nil {
		r.t.Errorf("%s: %v", s.name, err)
		return
	}
	if got, want := string(head), string(s.wantHead); got != want {
		r.t.Errorf("%s: head is\n%s\nwant\n%s", s.name, got, want)
	}
	if diff := r.compare(string(body), string(s.wantBody)); diff != "" {
		r.t.Errorf("%s: %s", s.name, diff)
	}
}

var firstValue = regexp.MustCompile(`<methodName>([^<]*)</methodName>\s*<params>\s*<param>\s*<value>(?:<string>)?(OpaqueRef:[^<]*)<`)

// admit makes the session that a request uses, if the real server knew it.
func (r *replay) admit(s step) {
	m := firstValue.FindSubmatch(s.requestBody)
	if m == nil || bytes.Contains(s.wantBody, []byte("SESSION_INVALID")) {
		return
	}
	ref := string(m[2])
	if ours, ok := r.learned[ref]; ok || strings.HasPrefix(string(m[1]), "session.slave") || r.pool.members[1].local[ours] {
		return
	}
	r.pool.view(func(t *tx) {
		if !t.exists("session", ref) {
			t.createAs("session", ref, values{"auth_user_name": "root"})
			r.loaded[ref] = true
		}
	})
}

// readRaw reads one reply as it stands on the wire; xapi answers HEAD with a body too.
func readRaw(in *bufio.Reader) (head, body []byte, err error) {
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		line, err := in.ReadBytes('\n')
		head = append(head, line...)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the head: %w", err)
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return nil, nil, err
	}
	body = make([]byte, max(0, resp.ContentLength))
	_, err = io.ReadFull(in, body)
	return head, body, err
}

var (
	token = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	clock = regexp.MustCompile(`\b20\d{6}T\d\d:\d\d:\d\d`)
)

// compare tells the first difference. A token that the recording made on the way is learned.
func (r *replay) compare(got, want string) string {
	got, want = clock.ReplaceAllString(got, "TIME"), clock.ReplaceAllString(want, "TIME")
	ours, golden := token.FindAllString(got, -1), token.FindAllString(want, -1)
	if g, w := token.ReplaceAllString(got, "TOKEN"), token.ReplaceAllString(want, "TOKEN"); g != w {
		return fmt.Sprintf("body is\n%s\nwant\n%s", got, want)
	}
	for i := range golden {
		known, seen := r.learned[golden[i]]
		switch {
		case golden[i] == ours[i] || seen && known == ours[i]:
		case seen || r.loaded["OpaqueRef:"+golden[i]]:
			return fmt.Sprintf("token %d is %s, want %s", i, ours[i], golden[i])
		default:
			r.learned[golden[i]] = ours[i]
		}
	}
	return ""
}
