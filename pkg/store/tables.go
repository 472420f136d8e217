package store

// shelf is how many tables stand together: what publishing a change to one of them copies, beside the list of shelves.
const shelf = 8

// tables are the tables of all classes, eight by eight, so that a new version copies few of them. The shelves are never
// written once they are reachable. There is room for 80 classes; the datamodel has 72.
type tables [10]*[shelf]*table

func (t *tables) of(c *class) *table { return t[c.at/shelf][c.at%shelf] }

// set puts in another version of a table.
func (t *tables) set(c *class, to *table) {
	changed := &[shelf]*table{}
	if there := t[c.at/shelf]; there != nil {
		*changed = *there
	}
	changed[c.at%shelf] = to
	t[c.at/shelf] = changed
}
