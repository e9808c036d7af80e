package protocol

// Halves puts characters together that a provider's pieces of text cut in two:
// servers that count in UTF-16 end a piece with the first half of a surrogate
// pair and begin the next with the second. Clients decode each piece alone and
// would show two broken characters. The zero value is ready for use, for one
// stream.
type Halves struct {
	held []half
}

type half struct {
	choice int
	text   Text
}

// lenHalf is how long an escaped surrogate is.
const lenHalf = len(`\ud83d`)

// Join takes the next event of a stream. The half that a piece ends with is
// taken out of it and put before the next piece of the choice. Where another
// event comes instead, the half comes back to be told before it, as a delta;
// mostly nil comes back.
func (h *Halves) Join(e *Event) Text {
	if len(h.held) == 0 && (e.Kind != EventDelta || !endsHalf(e.Text)) {
		return nil
	}
	switch e.Kind {
	case EventPing, EventStart, EventUsage, EventError:
		return nil
	}
	first := h.take(e.Choice)
	if e.Kind != EventDelta {
		return first
	}
	if first != nil {
		e.Text = AppendTexts(nil, "", first, e.Text)
	}
	if endsHalf(e.Text) {
		at := len(e.Text) - 1 - lenHalf
		h.held = append(h.held, half{e.Choice, append(Text{'"'}, e.Text[at:]...)})
		e.Text = append(e.Text[:at:at], '"')
	}
	return nil
}

func (h *Halves) take(choice int) Text {
	for i := range h.held {
		if h.held[i].choice == choice {
			t := h.held[i].text
			h.held = append(h.held[:i], h.held[i+1:]...)
			return t
		}
	}
	return nil
}

// endsHalf tells whether a text ends with the first half of a surrogate pair.
func endsHalf(t Text) bool {
	at := len(t) - 1 - lenHalf
	if at < 1 || t[at] != '\\' || t[at+1] != 'u' || t[at+2]|0x20 != 'd' {
		return false
	}
	switch t[at+3] {
	case '8', '9', 'a', 'b', 'A', 'B':
	default:
		return false
	}
	slashes := 0
	for i := at; i > 0 && t[i] == '\\'; i-- {
		slashes++
	}
	return slashes%2 == 1
}
