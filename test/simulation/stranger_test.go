package simulation

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// answerWithin is how long a stranger waits for an answer.
const answerWithin = 20 * time.Second

// stranger is somebody else's client on the wire, with a session of its own: one call at a time, each on a connection of its
// own, in JSON. What it sends and receives takes turns as ours does.
type stranger struct {
	st      *story
	name    string // originator of its session
	host    string // that it speaks to
	session string
}

// visit lets a stranger do something beside all that goes on; why it could not is noted.
func (st *story) visit(name string, do func(*stranger) error) {
	st.mu.Lock()
	st.strangers++
	s := &stranger{st: st, name: fmt.Sprintf("%s %d", name, st.strangers)}
	st.mu.Unlock()
	st.watchers.Go(func() {
		err := s.logIn()
		if err == nil {
			err = do(s)
			_, _ = s.call("session.logout") // xapi ends it one day
		}
		if err != nil {
			st.history.notef("%s gives up: %v", s.name, err)
		}
	})
}

// logIn makes a session on the master.
func (s *stranger) logIn() error {
	s.session = ""
	for _, h := range s.st.pool.State().Hosts {
		if h.Name == s.st.pool.State().Pool.Master {
			s.host = strings.TrimPrefix(strings.TrimPrefix(h.URL, "http://"), "https://")
		}
	}
	result, err := s.call("session.login_with_password", "root", password, "1.0", s.name)
	if err != nil {
		return err
	}
	return json.Unmarshal(result, &s.session)
}

// wait lets time pass, and says whether the stranger may go on: not once the faults have ended.
func (s *stranger) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.st.healed:
		return false
	}
}

// text makes a call whose result is text.
func (s *stranger) text(method string, params ...any) (text string, err error) {
	result, err := s.call(method, params...)
	if err != nil {
		return "", err
	}
	return text, json.Unmarshal(result, &text)
}

// call makes a call with the session in front, if there is one.
func (s *stranger) call(method string, params ...any) (json.RawMessage, error) {
	if s.session != "" {
		params = append([]any{s.session}, params...)
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	s.st.turns.take(s.name + " writes " + method)
	conn, err := s.st.pool.Dial(ctx, "tcp", net.JoinHostPort(s.host, "80"))
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // in memory
	answer, err := s.exchange(conn, body)
	s.st.turns.take(s.name + " reads " + method)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return answer.result(method)
}

// exchange sends one request and reads what comes of it.
func (s *stranger) exchange(conn net.Conn, body []byte) (a answer, err error) {
	if err := conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return a, err
	}
	head := fmt.Sprintf("POST /jsonrpc HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", s.host, len(body))
	if _, err := io.WriteString(conn, head+string(body)); err != nil {
		return a, errors.New("the connection broke")
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return a, errors.New("no answer")
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&a); err != nil {
		return a, errors.New("half an answer")
	}
	return a, nil
}

// answer is one of JSON-RPC 2.0.
type answer struct {
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func (a answer) result(method string) (json.RawMessage, error) {
	if len(a.Error) > 0 && string(a.Error) != "null" {
		var e struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(a.Error, &e) != nil {
			e.Message = string(a.Error)
		}
		return nil, fmt.Errorf("%s: %s", method, e.Message)
	}
	return a.Result, nil
}
