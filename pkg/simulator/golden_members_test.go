package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/xencontroller/xencontroller/internal/golden"
)

// recordedTiming is how long the recorded daemons took.
func recordedTiming() Timing {
	return Timing{
		Restart: Span{Min: 3500 * time.Millisecond}, Hello: Span{Min: 300 * time.Millisecond}, Designate: Span{Min: 6 * time.Second},
		Contact: Span{Min: 10600 * time.Millisecond},
	}
}

// TestGoldenMembers plays what happened to the daemons of the recorded pool and wants the answers that were recorded.
func TestGoldenMembers(t *testing.T) {
	for _, name := range []string{"coordinator-restart", "coordinator-dead", "member-down"} {
		t.Run(name, func(t *testing.T) {
			golden.Walk(t, "testdata/members/"+name+".txtar", func(t *testing.T, ar *golden.Archive) {
				synctest.Test(t, func(t *testing.T) {
					s := &memberStory{t: t, p: Start(t, Model{VMs: 5, Timing: recordedTiming()}), words: map[string]string{}}
					for line := range strings.Lines(string(ar.Section("steps"))) {
						s.play(strings.TrimSpace(line))
					}
				})
			})
		})
	}
}

// memberStory plays the steps of an archive; words are what "$name" stands for.
type memberStory struct {
	t     *testing.T
	p     *Pool
	words map[string]string
}

func (s *memberStory) play(line string) {
	s.t.Helper()
	if hand, ok := strings.CutPrefix(line, "! "); ok {
		s.hand(strings.Fields(hand))
		return
	}
	call, want, _ := strings.Cut(line, "=>")
	words := strings.Fields(call)
	begun := time.Now()
	var got string
	if method, ok := strings.CutPrefix(words[3], "json:"); ok {
		got = s.askJSON(words[1], method, words[4:]...)
	} else {
		got = s.ask(words[1], words[2], words[3], words[4:]...)
	}
	took := time.Since(begun)
	if strings.HasPrefix(got, "no events") {
		got += " after " + time.Since(begun).String()
	}
	want, limit, timed := strings.Cut(strings.TrimSpace(want), " in ")
	if recorded, _ := time.ParseDuration(limit); timed && (took-recorded).Abs() > max(recorded/5, 250*time.Millisecond) {
		s.t.Errorf("%s %s took %v, want %v", words[0], words[3], took, recorded)
	}
	if name, learn := strings.CutPrefix(want, "Success $"); learn && strings.HasPrefix(got, "OpaqueRef:") {
		s.words["$"+name] = got
		return
	}
	if want == "Success" && strings.HasPrefix(got, "OpaqueRef:") {
		return
	}
	if want, got = s.told(want), s.told(got); got != want {
		s.t.Errorf("%s %s: %q, want %q", words[0], words[3], got, want)
	}
}

// told puts what words stand for into an answer.
func (s *memberStory) told(text string) string {
	for name, ref := range s.words {
		text = strings.ReplaceAll(text, ref, name)
	}
	s.p.view(func(*tx) {
		for _, m := range s.p.members {
			text = strings.ReplaceAll(text, m.host, m.name)
		}
	})
	if text == "$now" {
		return time.Now().UTC().Format("20060102T15:04:05Z")
	}
	if strings.HasPrefix(text, "[") {
		text = aRef.ReplaceAllString(text, "ref")
	}
	return text
}

// hand is something that happens to the pool.
func (s *memberStory) hand(words []string) {
	s.t.Helper()
	var err error
	switch words[0] {
	case "wait":
		var d time.Duration
		d, err = time.ParseDuration(words[1])
		time.Sleep(d)
	case "open":
		s.words[words[2]] = s.ask(words[1], "-", "session.login_with_password", "root", "xenroot")
	case "crash":
		err = s.p.CrashXapi(words[1])
	case "die":
		err = s.p.HostDies(words[1])
	case "flush":
		time.Sleep(backupEvery + time.Second)
	case "write":
		err = s.p.update(func(t *tx) error {
			for i := range 1000 { // more than a start writes
				t.set("pool", t.the("pool"), "name_description", fmt.Sprint("never flushed ", i))
			}
			return nil
		})
	case "token":
		var answer any
		if answer, err = s.raw(words[1], words[2], "event.from", setOf("pool"), "", 1.0); err == nil {
			s.words["$token"] = field(answer, "token").(string)
		}
	case "do":
		s.words["$task"] = s.ask(words[1], words[2], words[3], words[4:]...)
	case "stop":
		err = s.p.withMember(words[1], func(m *member) error { m.stopXapi(false); return nil })
	case "start":
		err = s.p.withMember(words[1], func(m *member) error { m.startXapi(); return nil })
	case "later":
		d, _ := time.ParseDuration(words[1])
		err = s.p.withMember(words[2], func(m *member) error { m.startAfter(d); return nil })
	default:
		s.t.Fatalf("no hand %q", words[0])
	}
	if err != nil {
		s.t.Fatalf("%v: %v", words, err)
	}
}

// ask makes a call on a member and says in one line what came back.
func (s *memberStory) ask(member, session, method string, params ...string) string {
	var args []any
	for _, word := range params {
		args = append(args, s.argument(word))
	}
	answer, err := s.raw(member, session, method, args...)
	text := answerText(answer, err)
	if before, _, ok := strings.Cut(text, " task OpaqueRef:"); ok && s.words["$task"] == "" {
		return before + " task" // of a task that nobody has seen
	}
	return text
}

// askJSON makes a call without a session in JSON-RPC and gives the answer as it stands.
func (s *memberStory) askJSON(member, method string, params ...string) string {
	c := dial(s.t, s.p, s.p.member(member).address)
	body := `{"jsonrpc": "2.0", "method": "` + method + `", "params": ["` + strings.Join(params, `", "`) + `"], "id": 7}`
	if _, err := fmt.Fprintf(c.conn, "POST /jsonrpc HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s", len(body), body); err != nil {
		s.t.Fatal(err)
	}
	_, reply, err := readRaw(c.in)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(reply)
}

func (s *memberStory) raw(member, session, method string, args ...any) (any, error) {
	if session != "-" {
		if ref, ok := s.words[session]; ok {
			session = ref
		}
		args = append([]any{session}, args...)
	}
	return askOnce(s.t, s.p, s.p.member(member).address, 60*time.Second, method, args...)
}

// argument is a parameter: a host, its metrics, a VM, a number, a bool, {a,b} a set.
func (s *memberStory) argument(word string) any {
	switch {
	case s.words[word] != "":
		return s.words[word]
	case word == "true", word == "false":
		return word == "true"
	case strings.HasPrefix(word, "xen-"):
		return hostRefOf(s.p, word)
	case strings.HasPrefix(word, "metrics:"):
		ref := ""
		s.p.view(func(t *tx) { ref = t.str("host", s.p.member(strings.TrimPrefix(word, "metrics:")).host, "metrics") })
		return ref
	case strings.HasPrefix(word, "{") && strings.Contains(word, "="):
		key, value, _ := strings.Cut(strings.Trim(word, "{}"), "=")
		return mapOf(key, value)
	case strings.HasPrefix(word, "{"):
		return setOf(strings.Split(strings.Trim(word, "{}"), ",")...)
	}
	if f, err := strconv.ParseFloat(word, 64); err == nil {
		return f
	}
	if vm := string(s.p.VMRef(word)); vm != "" {
		return vm
	}
	return word
}

// askOnce makes one call on a connection of its own, with a deadline.
func askOnce(t *testing.T, p *Pool, address string, limit time.Duration, method string, args ...any) (any, error) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	c, err := p.Dial(ctx, "tcp", address+":80")
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(limit))
	return wireOn(t, c).raw(method, args...)
}

// answerText is an answer in one line: the value, the error's words, or how none came.
func answerText(v any, err error) string {
	var timeout net.Error
	f, failed := errors.AsType[*Failure](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer"
	case failed && f.Code == "SESSION_NOT_REGISTERED":
		return f.Code
	case failed:
		return strings.Join(f.description(), " ")
	case err != nil:
		return "broken"
	}
	switch v := v.(type) {
	case Map:
		if events, ok := v.Get("events"); ok && len(events.(Set)) == 0 {
			return "no events"
		}
		if len(v) == 0 {
			return "{}"
		}
	case Set:
		return "[" + strings.Join(wordsOf(v), " ") + "]"
	}
	return fmt.Sprint(v)
}
