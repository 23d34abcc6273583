package exposure

// nearest returns the name that word most likely meant: the one with the fewest changed, added, dropped
// or swapped letters, when those are at most two and fewer than the word has. Else it returns "".
func nearest(word string, names []string) string {
	const longest = 32 // nobody mistypes a name into a longer word; bounds the work
	if len(word) > longest {
		return ""
	}
	best, at := 3, ""
	for _, n := range names {
		if d := distance(word, n); d < best && d < len(word) {
			best, at = d, n
		}
	}
	return at
}

// distance is the optimal string alignment distance of two short ASCII words, in bytes.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			d := min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
