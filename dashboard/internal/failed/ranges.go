package failed

import "sort"

// ranges is a set of entries: pairs of the first and the last number, in order and apart from each other.
type ranges [][2]int

func (r ranges) has(i int) bool {
	n := sort.Search(len(r), func(n int) bool { return r[n][1] >= i })
	return n < len(r) && r[n][0] <= i
}

// with returns the set with one more entry. It does not change r.
func (r ranges) with(i int) ranges {
	if r.has(i) {
		return r
	}
	n := sort.Search(len(r), func(n int) bool { return r[n][1] >= i })
	joinsBefore := n > 0 && r[n-1][1] == i-1
	joinsAfter := n < len(r) && r[n][0] == i+1
	out := append(ranges{}, r[:n]...)
	switch {
	case joinsBefore && joinsAfter:
		out[n-1][1] = r[n][1]
		return append(out, r[n+1:]...)
	case joinsBefore:
		out[n-1][1] = i
	case joinsAfter:
		return append(append(out, [2]int{i, r[n][1]}), r[n+1:]...)
	default:
		out = append(out, [2]int{i, i})
	}
	return append(out, r[n:]...)
}

func (r ranges) count() (n int) {
	for _, pair := range r {
		n += pair[1] - pair[0] + 1
	}
	return n
}
