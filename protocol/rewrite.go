package protocol

// RewriteArray returns list, a JSON array that has been validated, with what f
// returns for each element in its place, and without those for which it
// returns nil. It returns nil where nothing changes: f gives back what it was
// given, the very slice.
func RewriteArray(list []byte, f func(element []byte) []byte) []byte {
	out := make([]byte, 0, len(list))
	changed := false
	err := ScanArray(list, func(m Member) {
		was := m.Of(list)
		is := f(was)
		changed = changed || len(is) != len(was) || &is[0] != &was[0]
		if is == nil {
			return
		}
		out = append(out, "[,"[min(len(out), 1)])
		out = append(out, is...)
	})
	if err != nil || !changed {
		return nil
	}
	if len(out) == 0 {
		out = append(out, '[')
	}
	return append(out, ']')
}
