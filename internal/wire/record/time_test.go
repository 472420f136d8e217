package record

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestTimesAsXAPIWritesThem(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		text := time.Unix(random.Int64N(1<<33), 0).UTC().Format("20060102T15:04:05Z")
		if random.IntN(3) == 0 { // anything may be wrong with it
			b := []byte(text)
			b[random.IntN(len(b))] = "09:TZ-x"[random.IntN(7)]
			text = string(b)
		}
		want, err := time.Parse("20060102T15:04:05Z07:00", text)
		got, ok := Time([]byte(text))
		if ok != (err == nil) || ok && got != want.UTC() {
			t.Errorf("%s: got %v, %v, want %v, %v", text, got, ok, want, err)
		}
	}
}
