package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/xencontroller/xencontroller/internal/yaml"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// printer writes the objects of one kind in one format.
type printer struct {
	out    io.Writer
	kind   *kind
	format string
	all    bool
	names  []string // only these; none: all
	now    func() time.Time
	widths []int // of the columns, once a table was printed
}

// item is an object as JSON and YAML show it.
type item struct {
	Ref    string     `json:"ref"`
	Record xen.Record `json:"record"`
}

// check refuses formats that do not exist.
func (p *printer) check() error {
	switch p.format {
	case "", "wide", "name", "json", "yaml":
		return nil
	}
	return usageError("-o is %q, none of wide, json, yaml, name", p.format)
}

// print writes all objects.
func (p *printer) print(snap store.Snapshot) error {
	var items []item
	found := map[string]bool{}
	for ref := range snap.Refs(p.kind.class) {
		r, _ := snap.Record(p.kind.class, ref)
		if p.wanted(r) {
			found[xen.NameOf(r)], found[r.ObjectUUID()] = true, true
			items = append(items, item{ref, r})
		}
	}
	for _, name := range p.names {
		if !found[name] {
			return fmt.Errorf("the pool has no %s called %q", p.kind.singular, name)
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return strings.Compare(xen.NameOf(a.Record), xen.NameOf(b.Record)) })
	switch p.format {
	case "json", "yaml":
		return p.document(map[string][]item{"items": append([]item{}, items...)})
	case "name":
		return p.printNames(items)
	}
	return p.table(snap, items, true)
}

// printChanges writes the objects among changes, as they are now.
func (p *printer) printChanges(snap store.Snapshot, changes []store.Change) error {
	var items []item
	var gone []string
	for _, c := range changes {
		switch {
		case c.Class != p.kind.class:
		case c.New != nil && p.wanted(c.New):
			items = append(items, item{c.Ref, c.New})
		case c.New == nil && p.wanted(c.Old):
			gone = append(gone, xen.NameOf(c.Old))
		}
	}
	switch p.format {
	case "json", "yaml":
		for _, i := range items {
			if err := p.document(i); err != nil {
				return err
			}
		}
		return nil
	case "name":
		return p.printNames(items)
	}
	for _, name := range gone {
		if _, err := fmt.Fprintf(p.out, "# %s is gone\n", name); err != nil {
			return err
		}
	}
	return p.table(snap, items, false)
}

// wanted reports whether an object is to be shown.
func (p *printer) wanted(r xen.Record) bool {
	if len(p.names) > 0 {
		return slices.Contains(p.names, xen.NameOf(r)) || slices.Contains(p.names, r.ObjectUUID())
	}
	return p.all || p.kind.hidden == nil || !p.kind.hidden(r)
}

func (p *printer) printNames(items []item) error {
	for _, i := range items {
		if _, err := fmt.Fprintf(p.out, "%s/%s\n", p.kind.singular, xen.NameOf(i.Record)); err != nil {
			return err
		}
	}
	return nil
}

// document writes a value as JSON or YAML.
func (p *printer) document(value any) error {
	if p.format == "yaml" {
		text, err := yaml.Marshal(value)
		if err == nil {
			_, err = p.out.Write(text)
		}
		return err
	}
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// table writes rows under a header; rows without a header keep the widths of the table before them.
func (p *printer) table(snap store.Snapshot, items []item, header bool) error {
	columns := p.kind.columns
	if p.format == "wide" {
		columns = append(slices.Clone(columns), p.kind.wide...)
	}
	var rows [][]string
	if header {
		rows = append(rows, columns)
	}
	for _, i := range items {
		rows = append(rows, p.kind.cells(snap, i.Record, p.now())[:len(columns)])
	}
	if header {
		p.measure(rows)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 3, ' ', 0)
	for _, row := range rows {
		for c := range row[:len(row)-1] {
			row[c] = fmt.Sprintf("%-*s", p.widths[c], row[c])
		}
		if _, err := fmt.Fprintln(w, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// measure remembers how wide the columns of a table are.
func (p *printer) measure(rows [][]string) {
	p.widths = make([]int, len(rows[0]))
	for _, row := range rows {
		for c, cell := range row {
			p.widths[c] = max(p.widths[c], len([]rune(cell)))
		}
	}
}
