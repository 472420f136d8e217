//go:build unix

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// printTable prints the least and the middle of each client's times, and how often ours go into the best of theirs.
func printTable(out io.Writer, clients []*client) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "client\tobjects\twall ms, least\tmedian\tCPU ms, least\tmedian\t× faster, wall\t× less CPU")
	var best *client
	for _, c := range clients {
		if c.theirs && (best == nil || c.wall(median) < best.wall(median)) {
			best = c
		}
	}
	for _, c := range clients {
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t", c.name, c.results[0].Objects,
			1e3*c.wall(slices.Min[[]float64]), 1e3*c.wall(median), 1e3*c.cpu(slices.Min[[]float64]), 1e3*c.cpu(median))
		if best != nil && !c.theirs {
			fmt.Fprintf(w, "%.1f\t%.1f", best.wall(median)/c.wall(median), best.cpu(median)/c.cpu(median))
		} else {
			fmt.Fprint(w, "\t")
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nThe last two columns: medians, beside the faster of the two transports of xen-api.")
	return err
}

func (c *client) wall(of func([]float64) float64) float64 {
	return of(c.all(func(r result) float64 { return r.Wall }))
}

func (c *client) cpu(of func([]float64) float64) float64 {
	return of(c.all(func(r result) float64 { return r.CPU }))
}

func (c *client) all(one func(result) float64) []float64 {
	var all []float64
	for _, r := range c.results {
		all = append(all, one(r))
	}
	return all
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
