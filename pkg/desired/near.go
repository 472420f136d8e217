package desired

import "strings"

// near returns the candidate that somebody who wrote word most likely meant, "" if none is close: at most two slips
// (a character too many, too few, wrong, or two swapped), fewer in short words; capitals, "-" and "_" are no slips.
// Of equally close ones the first wins.
func near(word string, candidates ...string) string {
	const most = 64 // characters; what is longer is not a slip of the pen
	folded := fold(word)
	if folded == "" || len(folded) > most {
		return ""
	}
	best, allowed := "", min(2, max(1, len(folded)/3))+1
	for _, c := range candidates {
		if d := distance(folded, fold(c)); d < allowed && c != word {
			best, allowed = c, d
		}
	}
	return best
}

func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that make b out of a (optimal string
// alignment), in runes.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
