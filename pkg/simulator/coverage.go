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
	// Refused: it answers an error, that which xapi has for a pool that cannot, or has done away with the message.
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
	own, special, refused := behaviours(), specialBehaviours(), refusals()
	var rows []CoverageRow
	for _, c := range s.model.Classes {
		for _, m := range c.Messages {
			msg := s.calls[c.Name+"."+m.Name]
			row := coverageOf(msg, own[msg.wire] != nil, special[msg.wire] == nil)
			if r, ok := refused[msg.wire]; ok && !msg.Removed() {
				row.Level, row.Note = Refused, r.note()
			}
			if n, ok := partly()[msg.wire]; ok {
				row.Level, row.Note = Stored, n
			}
			rows = append(rows, row)
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

// partly are messages of which the simulator does less than xapi, with what is missing.
func partly() map[string]string {
	const uncounted, still = "calls are not counted by caller", "the host answers where it did"
	return map[string]string{
		"Caller.query_token_usage": uncounted, "Caller.query_call_count": uncounted, "Caller.query_group_token_usage": uncounted,
		"Caller.query_group_call_count": uncounted, "Caller.query_all_usage": uncounted,
		"host.management_reconfigure": still, "host.management_disable": still, "pool.management_reconfigure": still,
		"host.get_tracked_user_agents": "none is tracked",
		"VM.recover":                   "into the same pool only", "VM_appliance.recover": "into the same pool only",
	}
}
