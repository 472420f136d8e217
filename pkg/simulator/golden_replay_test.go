package simulator

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// replay is a pool with the objects of the recorded one.
type replay struct {
	goldenCase
	t       *testing.T
	pool    *Pool
	address string
	learned map[string]string // token of the recording: ours
	loaded  map[string]bool   // tokens that were given
	steps   []step

	begun      map[string]*wire // by number: steps that were sent before their turn
	generation int64            // before what the step's preparation wrote
}

func newReplay(t *testing.T, c goldenCase) *replay {
	r := &replay{goldenCase: c, t: t, address: "10.0.0.1", begun: make(map[string]*wire), learned: make(map[string]string), loaded: make(map[string]bool)}
	time.Sleep(time.Until(time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC))) // when it was recorded
	r.pool = Start(t, Model{VMs: -1, BadPassword: 2 * time.Second, Timing: c.timing})
	r.load()
	if c.member != "" {
		r.address = c.member
	}
	if c.pool != nil {
		c.pool(r.pool)
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
		reply, err := readReply(f.Data)
		if err != nil {
			r.t.Fatal(err)
		}
		rows := reply.(Map)
		if f.Name == "message" { // newest first
			slices.Reverse(rows)
		}
		for _, e := range rows {
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
	name, note                                   string
	requestHead, requestBody, wantHead, wantBody []byte
}

func (s step) number() string {
	number, _, _ := strings.Cut(s.name, "-")
	return number
}

// run plays the steps in their order and prints how many of them were compared.
func (r *replay) run() {
	r.steps = goldenSteps(r.t, r.name)
	passed, left := 0, 0
	for _, s := range r.steps {
		if !r.quick[s.number()] && !r.quick["all"] {
			time.Sleep(2 * time.Second)
		}
		r.generation = r.present()
		if prepare := r.before[s.number()]; prepare != nil {
			prepare(r)
		}
		diff := r.step(s)
		switch reason := r.leftOut[s.number()]; {
		case diff == "":
			passed++
		case reason != "":
			r.t.Logf("%s left out: %s", s.name, reason)
			left++
		default:
			r.t.Errorf("%s: %s", s.name, diff)
		}
	}
	r.t.Logf("%d passed of %d, %d left out", passed, len(r.steps), left)
}

// goldenSteps reads the steps of a case.
func goldenSteps(t *testing.T, name string) (list []step) {
	for _, f := range readGolden(t, name).Files {
		i := strings.LastIndex(f.Name, ".")
		if strings.HasSuffix(f.Name, ".head") || strings.HasSuffix(f.Name, ".body") {
			i = strings.LastIndex(f.Name, ".re") // .request.head …
		}
		name, part := f.Name[:i], f.Name[i+1:]
		if len(list) == 0 || list[len(list)-1].name != name {
			list = append(list, step{name: name})
		}
		s := &list[len(list)-1]
		data := bytes.TrimSuffix(f.Data, []byte("\n"))
		switch part {
		case "note":
			_, s.note, _ = strings.Cut(string(data), "\t") // after how long it took, which is the hypervisor's
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

func readGolden(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	f, err := os.Open("testdata/golden/" + name + ".txtar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return txtar.Parse(data)
}

// step sends a request and returns the first difference of the answer from the recorded one.
func (r *replay) step(s step) string {
	conn := r.send(s)
	if len(s.wantHead) == 0 {
		return noAnswer(conn)
	}
	_ = conn.conn.SetReadDeadline(time.Now().Add(time.Minute)) // pipes have deadlines
	head, body, err := readRaw(conn.in)
	if err != nil {
		return err.Error()
	}
	if diff := firstDifference(withoutLength(head), withoutLength(s.wantHead)); diff != "" {
		return diff
	}
	if diff := r.compare(string(body), string(s.wantBody)); diff != "" {
		return diff
	}
	return connectionAfter(conn, s.note)
}

// noAnswer waits as long as the recorder did for an answer that did not come, and hangs up.
func noAnswer(conn *wire) string {
	_ = conn.conn.SetReadDeadline(time.Now().Add(3 * time.Second)) // pipes have deadlines
	if _, err := conn.in.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		return "there is an answer, want none"
	}
	_ = conn.conn.Close() // the call goes on without it
	return ""
}

// withoutLength is a head without its content-length, which differs where something else may; that it is right shows
// when the body is read.
func withoutLength(head []byte) string {
	return contentLength.ReplaceAllString(string(head), "content-length: N")
}

// begin sends the request of a step now; its answer is read when its turn comes.
func (r *replay) begin(number string) {
	for _, s := range r.steps {
		if s.number() == number {
			r.begun[number] = r.send(s)
		}
	}
}

// send sends the request of a step, or finds where it was sent before.
func (r *replay) send(s step) *wire {
	if conn := r.begun[s.number()]; conn != nil {
		return conn
	}
	if s.requestBody == nil && strings.Contains(s.note, "body not kept") {
		s.requestBody = r.bigBody(s)
	}
	r.admit(s)
	conn := r.dial()
	request := r.ours(string(s.requestHead) + string(s.requestBody))
	go func() { _, _ = io.WriteString(conn.conn, request) }() // a refused body is not read to its end
	return conn
}

// bigBody makes the body that the recorder described instead of keeping it.
func (r *replay) bigBody(s step) []byte {
	rq, err := parseHead(s.requestHead)
	if err != nil {
		r.t.Fatal(err)
	}
	size, err := strconv.Atoi(rq.header("content-length"))
	if err != nil {
		r.t.Fatal(err)
	}
	const session = "OpaqueRef:67883197-2a37-a55e-fab6-e0ea4b38fb33"
	frame := len(callText("VM.set_name_description", session, nullRef, ""))
	return callText("VM.set_name_description", session, nullRef, strings.Repeat("y", size-frame))
}

// connectionAfter compares what the server does with the connection in the half second after its answer.
func connectionAfter(conn *wire, note string) string {
	_, want, ok := strings.Cut(note, "connection=")
	if !ok {
		return ""
	}
	_ = conn.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)) // pipes have deadlines
	got := "closed by server"
	if _, err := conn.in.ReadByte(); errors.Is(err, os.ErrDeadlineExceeded) {
		got = "kept open"
	}
	if got != want {
		return "the connection is " + got + ", want " + want
	}
	return ""
}

func (r *replay) dial() *wire {
	if !r.unix {
		return dial(r.t, r.pool, r.address)
	}
	c, err := r.pool.DialUnix("xen-1")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return wireOn(r.t, c)
}

// present is the generation of the database.
func (r *replay) present() (n int64) {
	r.pool.view(func(t *tx) { n = t.life.db.generation })
	return n
}

// ours is a request with our tokens in it. A generation that no reply has given, of a call that was not recorded, is the
// present one.
func (r *replay) ours(request string) string {
	request = generation.ReplaceAllStringFunc(request, func(n string) string {
		switch ours, seen := r.learned[n]; {
		case seen:
			return ours
		case strings.HasPrefix(n, "0000000000000"+"000") && strings.Trim(n, "0") != "":
			return fmt.Sprintf("%020d", r.generation)
		}
		return n
	})
	for golden, ours := range r.learned {
		request = strings.ReplaceAll(request, golden, ours)
	}
	return request
}

var firstValue = regexp.MustCompile(`(?s)<methodName>([^<]*)</methodName>\s*<params>\s*<param>\s*<value>(?:<string>)?(OpaqueRef:[^<]*)<|"method": *"([^"]*)".*"params": *\["(OpaqueRef:[^"]*)"`)

// admit makes the session that a request uses, if the real server knew it.
func (r *replay) admit(s step) {
	m := firstValue.FindSubmatch(s.requestBody)
	if m == nil || bytes.Contains(s.wantBody, []byte("SESSION_INVALID")) {
		return
	}
	method, ref := string(m[1])+string(m[3]), string(m[2])+string(m[4])
	if ours, ok := r.learned[ref]; ok || strings.HasPrefix(method, "session.slave") || r.pool.members[1].local[ours] {
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
	generation = regexp.MustCompile(`\b\d{20}\b`)

	token = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

	contentLength = regexp.MustCompile(`content-length: \d+`)

	// figures are what depends on when and how long the real server ran: times, ids of events and domains, generations, and how many
	// rows each table had.
	figures = []struct {
		pattern *regexp.Regexp
		with    string
	}{
		{regexp.MustCompile(`\b20\d{6}T\d\d:\d\d:\d\d`), "TIME"},
		{regexp.MustCompile(`\b\d{20},\d{20}\b`), "GENERATIONS"},
		{regexp.MustCompile(`(<name>id</name><value>|"id":")\d+(</value></member><member><name>timestamp</name><value>|","timestamp":")\d+\.(</value>|")`), "${1}N${2}N$3"},
		{regexp.MustCompile(`(<name>id</name><value>|"id":")[1-9]\d*(</value>|",)`), "${1}N$2"},
		{regexp.MustCompile(`(<name>domid</name><value>)\d+`), "${1}N"},
		{regexp.MustCompile(`<i4>\d+</i4>`), "<i4>N</i4>"},
		{regexp.MustCompile(`"(\w+)":\d+(,|\},"token")`), `"$1":N$2`},
	}
)

func withoutFigures(body string) string {
	for _, f := range figures {
		body = f.pattern.ReplaceAllString(body, f.with)
	}
	return body
}

// compare tells the first difference. A token that the recording made on the way is learned.
func (r *replay) compare(got, want string) string {
	if g, w := generation.FindAllString(got, -1), generation.FindAllString(want, -1); len(g) == len(w) {
		for i := range g {
			if strings.Trim(w[i], "0") != "" {
				r.learned[w[i]] = g[i]
			}
		}
	}
	got, want = withoutFigures(got), withoutFigures(want)
	ours, golden := token.FindAllString(got, -1), token.FindAllString(want, -1)
	if diff := firstDifference(token.ReplaceAllString(got, "TOKEN"), token.ReplaceAllString(want, "TOKEN")); diff != "" {
		return diff
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

// firstDifference shows where two texts part.
func firstDifference(got, want string) string {
	if got == want {
		return ""
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	around := func(s string) string { return s[max(0, i-100):min(len(s), i+250)] }
	return fmt.Sprintf("at byte %d it is\n…%s…\nwant\n…%s…", i, around(got), around(want))
}
