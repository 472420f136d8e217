package xapi

import (
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"time"
)

// RecordedCall is one line of [Config.Record]: a call that has ended, without what is secret in it. Its parameters are
// without the session; those that hold secrets, and all texts with the name of one (password, token, …), read
// "<redacted>".
type RecordedCall struct {
	Time     time.Time         `json:"time"` // of its start
	Pool     string            `json:"pool,omitempty"`
	Address  string            `json:"address"`
	Protocol Protocol          `json:"protocol"`
	Method   string            `json:"method"`
	Params   []any             `json:"params,omitempty"`
	Mark     map[string]string `json:"mark,omitempty"`
	Millis   float64           `json:"ms"`
	Code     string            `json:"code"` // OK, the code of XAPI's failure, or transport
	Error    string            `json:"error,omitempty"`
	Bytes    int64             `json:"bytes"`           // of the reply
	Reply    string            `json:"reply,omitempty"` // its beginning, maxRecordedReply bytes at most
}

// Limits of what is shown of one call.
const (
	maxRecordedReply = 64 << 10 // bytes, in the record
	maxLoggedParams  = 2 << 10  // bytes, in the log
)

// recorder writes calls down, one line each.
type recorder struct {
	mu  sync.Mutex
	out io.Writer
}

func newRecorder(out io.Writer) *recorder {
	if out == nil {
		return nil
	}
	return &recorder{out: out}
}

// write appends a line. A record that cannot be written is not worth a call.
func (r *recorder) write(c RecordedCall) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // people read it
	if err := enc.Encode(c); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.out.Write(line.Bytes())
	return err
}

// note is what is kept of a call while it runs; nil: nobody wants to know.
type note struct {
	client *Client
	x      exchange
	line   RecordedCall
	reply  []byte
}

// note begins a note, if anybody looks.
func (c *Client) note(w *wire, codec codec, x exchange) *note {
	loud := c.log.V(2).Enabled()
	if c.recorder == nil && !loud {
		return nil
	}
	n := &note{client: c, x: x, line: RecordedCall{
		Time: time.Now().UTC(), Pool: c.cfg.Pool, Address: w.endpoint.String(), Protocol: codec.protocol(),
		Method: x.req.Method, Params: shownParams(x), Mark: x.mark,
	}}
	if loud {
		text, _ := json.Marshal(n.line.Params) // made of JSON just before
		c.log.V(2).Info("calling", "method", x.req.Method, "params", string(text[:min(len(text), maxLoggedParams)]))
	}
	return n
}

// watch keeps the beginning of a reply as it passes by.
func (n *note) watch(r io.Reader) io.Reader {
	if n == nil || n.client.recorder == nil {
		return r
	}
	return &notedReader{r, n}
}

// finish records the call.
func (n *note) finish(took time.Duration, code string, err error) {
	if n == nil || n.client.recorder == nil {
		return
	}
	n.line.Millis, n.line.Code = float64(took.Microseconds())/1000, code
	if err != nil {
		n.line.Error = err.Error()
	}
	if len(n.reply) > 0 {
		n.line.Reply = shownReply(n.x, string(n.reply))
	}
	if err := n.client.recorder.write(n.line); err != nil {
		n.client.log.Info("a call could not be recorded", "method", n.line.Method, "problem", err.Error())
	}
}

// notedReader copies the beginning of what it reads into a note.
type notedReader struct {
	from io.Reader
	note *note
}

// Read implements io.Reader.
func (r *notedReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.note.line.Bytes += int64(n)
	room := min(n, maxRecordedReply-len(r.note.reply))
	r.note.reply = append(r.note.reply, p[:room]...)
	return n, err //nolint:wrapcheck // a reader passes on what it reads
}
