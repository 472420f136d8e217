package simulator

// givenRecord is the record that a constructor was given, with the fields left out at their initial values.
type givenRecord Map

func (g givenRecord) get(field string) any { v, _ := Map(g).Get(field); return v }

func (g givenRecord) str(field string) string  { v, _ := g.get(field).(string); return v }
func (g givenRecord) num(field string) int64   { v, _ := g.get(field).(int64); return v }
func (g givenRecord) flag(field string) bool   { v, _ := g.get(field).(bool); return v }
func (g givenRecord) members(field string) Set { v, _ := g.get(field).(Set); return v }
func (g givenRecord) dict(field string) Map    { v, _ := g.get(field).(Map); return v }

// values picks fields of the record for a new row.
func (g givenRecord) values(fields ...string) values {
	v := values{}
	for _, f := range fields {
		v[f] = g.get(f)
	}
	return v
}
