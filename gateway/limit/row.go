package limit

// row is what one process admitted and runs for a key. All times are on the
// clock of the table that holds the row, in nanoseconds.
type row struct {
	origin  string
	version uint64 // of the last change; only the origin counts it up
	base    int64  // when the origin's second 0 began

	head             int64 // the newest second in cells
	cells            [window]cell
	requests, tokens int64 // sums of cells

	spent   Money
	dayEnd  int64 // when spent lapses
	flying  int64
	pending Money
	settled uint64 // of what it asked other nodes for, all up to this one is in the row: see loan
	heard   int64  // when the origin last spoke; of the own row 0
}

type cell struct {
	requests int64
	tokens   int64
}

// at is the second that now falls into.
func (r *row) at(now int64) int64 {
	d := now - r.base
	if d < 0 {
		return (d - second + 1) / second
	}
	return d / second
}

// cell is the place of a second, of one before the origin's start, too.
func (r *row) cell(s int64) *cell { return &r.cells[(s%window+window)%window] }

// holds tells whether a second is within the window.
func (r *row) holds(s int64) bool { return s <= r.head && s > r.head-window }

// advance forgets what has left the window, and the money of a day that ended.
func (r *row) advance(now int64) {
	if now >= r.dayEnd {
		r.spent = 0
	}
	to := r.at(now)
	if to <= r.head {
		return
	}
	if r.requests == 0 && r.tokens == 0 || to-r.head >= window {
		r.cells, r.requests, r.tokens, r.head = [window]cell{}, 0, 0, to
		return
	}
	for r.head < to {
		r.head++
		c := r.cell(r.head)
		r.requests -= c.requests
		r.tokens -= c.tokens
		*c = cell{}
	}
}

// add changes the cell of a second that the window holds.
func (r *row) add(s, requests, tokens int64) {
	c := r.cell(s)
	c.requests += requests
	c.tokens += tokens
	r.requests += requests
	r.tokens += tokens
}

// expiry is when a second leaves the window.
func (r *row) expiry(s int64) int64 { return r.base + (s+window)*second }

// reset is when the newest cell with anything of pick leaves the window; 0:
// there is none.
func (r *row) reset(pick func(*cell) int64) int64 {
	for s := r.head; r.holds(s); s-- {
		if pick(r.cell(s)) != 0 {
			return r.expiry(s)
		}
	}
	return 0
}

func requestsOf(c *cell) int64 { return c.requests }
func tokensOf(c *cell) int64   { return c.tokens }

// runs tells whether what the row says of running requests still holds.
func (r *row) runs(now int64) bool {
	return (r.flying > 0 || r.pending > 0) && (now-r.heard < int64(trust))
}

// counts tells whether anything was used. r is advanced.
func (r *row) counts() bool { return r.requests != 0 || r.tokens != 0 || r.spent != 0 }

// freed is when so much of pick has left the windows of all rows, advanced to
// now.
func freed(rows []*row, need, now int64, pick func(*cell) int64) int64 {
	var room [8]int64 // more rows than this are rare
	next := room[:0]
	for _, r := range rows {
		next = append(next, r.head-window+1)
	}
	at := now
	for need > 0 {
		first := -1
		for i, r := range rows {
			for r.holds(next[i]) && pick(r.cell(next[i])) == 0 {
				next[i]++
			}
			if r.holds(next[i]) && (first < 0 || r.expiry(next[i]) < rows[first].expiry(next[first])) {
				first = i
			}
		}
		if first < 0 {
			break
		}
		r := rows[first]
		need -= pick(r.cell(next[first]))
		at = max(at, r.expiry(next[first]))
		next[first]++
	}
	return at
}
