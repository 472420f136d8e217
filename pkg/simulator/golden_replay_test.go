package simulator

import (
	"bufio"
	"bytes"
	"cmp"
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

	begun      map[string]*wire     // by number: steps that were sent before their turn
	sent       map[string]time.Time // by number: when
	generation int64                // before what the step's preparation wrote
}

func newReplay(t *testing.T, c goldenCase) *replay {
	r := &replay{goldenCase: c, t: t, address: "10.0.0.1", begun: make(map[string]*wire), sent: make(map[string]time.Time), learned: make(map[string]string), loaded: make(map[string]bool)}
	time.Sleep(time.Until(time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC))) // when it was recorded
	r.pool = Start(t, Model{VMs: -1, BadPassword: cmp.Or(c.pam, 1900*time.Millisecond), Timing: c.timing})
	r.load()
	if c.member != "" {
		r.address = c.member
	}
	if c.pool != nil {
		c.pool(r.pool)
	}
	return r
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
		class, only, _ := strings.Cut(f.Name, " ")
		if only != "" && only != r.name {
			continue
		}
		reply, err := readReply(f.Data)
		if err != nil {
			r.t.Fatal(err)
		}
		rows := reply.(Map)
		if class == "message" { // newest first
			slices.Reverse(rows)
		}
		for _, e := range rows {
			tx.createAs(class, e.Key, r.fields(p.schema.classes[class], e.Value.(Map)))
			r.loaded[e.Key] = true
		}
	}
	master := tx.str("pool", tx.the("pool"), "master")
	p.master.host = master
	for i, m := range p.members {
		m.follows = tx.str("host", master, "address")
		m.host = tx.find("host", "address", fmt.Sprintf("10.77.0.%d", 11+i))[0]
		m.hostUUID = tx.str("host", m.host, "uuid")
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
	took                                         time.Duration // until the whole answer was there
	timed                                        bool          // the recorder measured it
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
			r.t.Logf("%s left out: %s %s", s.name, reason, diff)
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
			ms, note, _ := strings.Cut(string(data), "\t")
			n, err := strconv.Atoi(ms)
			s.took, s.note, s.timed = time.Duration(n)*time.Millisecond, note, err == nil
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
	defer func() { _ = f.Close() }()
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
	if diff := r.inTime(s); diff != "" {
		return diff
	}
	if diff := firstDifference(withoutLength(head), withoutLength(s.wantHead)); diff != "" {
		return diff
	}
	got, want := string(body), string(s.wantBody)
	if ref := r.without[s.number()]; ref != "" {
		got, want = withoutEventsOf(ref, got), withoutEventsOf(ref, want)
	}
	if r.anyOrder[s.number()] {
		got, want = r.sorted(got), r.sorted(want)
	}
	if diff := r.compare(got, want); diff != "" {
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
	r.sent[s.number()] = time.Now()
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

// inTime compares how long an answer took, in the time of the pool: what waited in the recording waits as long, give or
// take what a machine adds, and nothing else waits.
func (r *replay) inTime(s step) string {
	took := time.Since(r.sent[s.number()])
	const atOnce = 300 * time.Millisecond
	switch slack := max(s.took/5, 250*time.Millisecond); {
	case !s.timed, r.untimed[s.number()] != "":
		return ""
	case s.took < atOnce && took < atOnce, s.took >= atOnce && (took-s.took).Abs() <= slack:
		return ""
	}
	return fmt.Sprintf("it took %v, want %v", took, s.took)
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

var inQuery = regexp.MustCompile(`[?&]session_id=(OpaqueRef:[0-9a-f-]+)`)

var firstValue = regexp.MustCompile(`(?s)<methodName>([^<]*)</methodName>\s*<params>\s*<param>\s*<value>(?:<string>)?(OpaqueRef:[^<]*)<|"method": *"([^"]*)".*"params": *\["(OpaqueRef:[^"]*)"`)

// admit makes the session that a request uses, if the real server knew it.
func (r *replay) admit(s step) {
	m := firstValue.FindSubmatch(s.requestBody)
	if q := inQuery.FindSubmatch(s.requestHead); q != nil {
		m = [][]byte{nil, nil, q[1], nil, nil}
	}
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
	defer func() { _ = resp.Body.Close() }()
	body = make([]byte, max(0, resp.ContentLength))
	_, err = io.ReadFull(in, body)
	return head, body, err
}
