package record

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// drain reads a reply through a Window by eating so many bytes a step.
func drain(w *Window, step int) ([]byte, error) {
	var out []byte
	for {
		for len(w.Data)-w.Pos >= step {
			out = append(out, w.Data[w.Pos:w.Pos+step]...)
			w.Pos += step
		}
		if w.EOF {
			return append(out, w.Data[w.Pos:]...), nil
		}
		if err := w.More(1 << 20); err != nil {
			return out, err
		}
	}
}

func TestWindowLosesNothing(t *testing.T) {
	body := make([]byte, 700_000)
	for i := range body {
		body[i] = byte(i * i >> 3)
	}
	var w Window
	for i, step := range []int{1, 1000, 100_001, 300_000} {
		limits := Limits{Window: []int{0, 10, 5000, 1 << 20}[i]}
		for name, r := range map[string]io.Reader{
			"whole": bytes.NewReader(body), "bytes": iotest.OneByteReader(bytes.NewReader(body)),
			"end with data": iotest.DataErrReader(bytes.NewReader(body)), "halves": iotest.HalfReader(bytes.NewReader(body)),
		} {
			w.Open(r, limits)
			if out, err := drain(&w, step); err != nil || !bytes.Equal(out, body) {
				t.Errorf("%s, %d bytes a step: %d bytes, %v", name, step, len(out), err)
			}
			if at := w.Offset(len(w.Data)); at != len(body) {
				t.Errorf("%s: the end is at %d", name, at)
			}
			w.Close()
		}
	}
}

func TestWindowHasLimits(t *testing.T) {
	var w Window
	w.Open(bytes.NewReader(make([]byte, 1000)), Limits{Reply: 999})
	if err := w.More(1 << 20); !errors.Is(err, ErrTooLong) {
		t.Errorf("a reply beyond its limit: %v", err)
	}
	w.Open(bytes.NewReader(make([]byte, 1<<20)), Limits{})
	var err error
	for err == nil && !w.EOF {
		err = w.More(50_000) // of which nothing is ever eaten
	}
	if !errors.Is(err, ErrTooLong) {
		t.Errorf("a value beyond its limit: %v", err)
	}
	broken := errors.New("broken")
	w.Open(iotest.ErrReader(broken), Limits{})
	if err := w.More(1); !errors.Is(err, broken) {
		t.Errorf("an error of the source: %v", err)
	}
	w.Open(idleReader{}, Limits{})
	if err := w.More(1); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

func TestWindowGrowsByDoubling(t *testing.T) {
	const size = 16 << 20
	var w Window
	w.Open(io.LimitReader(zeros{}, size), Limits{})
	seen := 0
	for !w.EOF {
		if err := w.More(size + 1); err != nil {
			t.Fatal(err)
		}
		seen += len(w.Data)
	}
	if seen > 3*size {
		t.Errorf("%d bytes were looked at for %d", seen, size)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return min(len(p), 100), nil }
