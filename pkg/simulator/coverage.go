package simulator

import (
	"cmp"
	"fmt"
	"slices"
)

// Level says how well the simulator plays a message.
type Level string

// The levels of coverage.
const (
	// Played: the message does what it does in xapi, as far as clients see.
	Played Level = "played"
	// Stored: it only reads or writes the database, as its kind says, where xapi may do more.
	Stored Level = "stored"
	// Refused: it answers an error: NOT_IMPLEMENTED, or MESSAGE_REMOVED where xapi says so too.
	Refused Level = "refused"
)

// CoverageRow is one message of the API and how it is played.
type CoverageRow struct {
	Message string // "VM.start"
	Level   Level
	Note    string // for people; may be empty
}

// Coverage lists every public message of the datamodel, sorted by name.
func Coverage() ([]CoverageRow, error) {
	s, err := theSchema()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	own, plain := behaviours(), plainSetters()
	var rows []CoverageRow
	for _, c := range s.model.Classes {
		for _, m := range c.Messages {
			msg := s.calls[c.Name+"."+m.Name]
			rows = append(rows, coverageOf(msg, own[msg.wire] != nil, plain[msg.wire] != nil && !specialSetter(msg.wire)))
		}
	}
	slices.SortFunc(rows, func(a, b CoverageRow) int { return cmp.Compare(a.Message, b.Message) })
	return rows, nil
}

// coverageOf grades one message; own: it has a behaviour; plain: that behaviour only writes the field.
func coverageOf(m *message, own, plain bool) CoverageRow {
	row := CoverageRow{Message: m.wire, Level: Played}
	switch {
	case m.Removed():
		row.Level, row.Note = Refused, "removed from the API: MESSAGE_REMOVED, as xapi answers"
	case own && plain:
		row.Level, row.Note = Stored, "writes the field; side effects are not played"
	case own:
	case implicitBehaviour(m.Kind) == nil:
		row.Level, row.Note = Refused, "NOT_IMPLEMENTED"
	case m.Kind == "constructor" || m.Kind == "destructor":
		row.Level, row.Note = Stored, "the row appears or goes; nothing else happens"
	case m.HasEffect:
		row.Level, row.Note = Stored, "writes the field; side effects are not played"
	}
	return row
}

// specialSetter reports whether a plain setter has been replaced by one that does more.
func specialSetter(wire string) bool { return vmSetters()[wire] != nil }
