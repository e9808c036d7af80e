package protocoltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// responsesItem is an item of a Responses stream in the making.
type responsesItem struct {
	id       string
	contents int             // those that were added
	text     strings.Builder // of the open content, arguments or input
	open     bool            // a content is
}

// responsesStream follows a Responses stream by the rules that OpenAI's own
// helpers enforce, and by those that careful clients rely on.
type responsesStream struct {
	schema *Schema
	id     string
	next   int // sequence number
	item   *responsesItem
	done   []any // items
	last   string
	final  map[string]any
}

type responsesEvent struct {
	Type         string
	Sequence     *int `json:"sequence_number"`
	Response     map[string]any
	OutputIndex  *int   `json:"output_index"`
	ContentIndex *int   `json:"content_index"`
	SummaryIndex *int   `json:"summary_index"`
	ItemID       string `json:"item_id"`
	Item         map[string]any
	Part         map[string]any
	Delta        string
	Text         *string
	Refusal      *string
	Arguments    *string
	Input        *string
}

// CheckResponsesStream tells what a stream of the Responses API does wrong, nil
// for nothing, and returns the Response that its last event carries. schema is
// that of "openai.response.stream-event"; nil leaves out to check it.
//
// Numbers run from 0 without gaps; the id of the response stays; an item is
// added, filled and done before the next; deltas add up to what is said when
// they are done; the last event repeats all items as they were.
func CheckResponsesStream(stream []byte, schema *Schema) (map[string]any, error) {
	s := responsesStream{schema: schema}
	frames := bytes.Split(stream, []byte("\n\n"))
	if n := len(frames) - 1; len(frames[n]) != 0 {
		return nil, fmt.Errorf("the last frame has no blank line: %.200s", frames[n])
	}
	for _, frame := range frames[:len(frames)-1] {
		if bytes.HasPrefix(frame, []byte(":")) {
			continue
		}
		if err := s.frame(frame); err != nil {
			return nil, fmt.Errorf("%w\nin %.600s", err, frame)
		}
	}
	switch s.last {
	case "response.completed", "response.incomplete", "response.failed":
		return s.final, nil
	}
	return nil, fmt.Errorf("the stream ends with %q", s.last)
}

func (s *responsesStream) frame(frame []byte) error {
	name, data, ok := strings.Cut(string(frame), "\ndata: ")
	if !ok || !strings.HasPrefix(name, "event: ") || strings.Contains(data, "\n") {
		return fmt.Errorf("it is no frame of an event and one line of data")
	}
	var e responsesEvent
	if err := json.Unmarshal([]byte(data), &e); err != nil {
		return err
	}
	if "event: "+e.Type != name {
		return fmt.Errorf("the event is not of the type %q", e.Type)
	}
	if s.schema != nil && e.Type != "error" { // the real one has more members than its schema
		if err := s.schema.Validate([]byte(data)); err != nil {
			return err
		}
	}
	if strings.Contains(data, `"obfuscation"`) {
		return fmt.Errorf("padding")
	}
	if e.Sequence == nil || *e.Sequence != s.next {
		return fmt.Errorf("the sequence number is not %d", s.next)
	}
	s.next++
	if s.final != nil {
		return fmt.Errorf("an event behind the end")
	}
	defer func() { s.last = e.Type }()
	if e.Response != nil {
		return s.lifecycle(&e)
	}
	if e.Type == "error" {
		return nil
	}
	if s.id == "" {
		return fmt.Errorf("an event before response.created")
	}
	return s.content(&e)
}

func (s *responsesStream) lifecycle(e *responsesEvent) error {
	id, _ := e.Response["id"].(string)
	output, _ := e.Response["output"].([]any)
	switch {
	case id == "" || s.id != "" && id != s.id:
		return fmt.Errorf("the id %q was %q", id, s.id)
	case (s.next == 1) != (e.Type == "response.created") && e.Type != "response.failed":
		return fmt.Errorf("response.created is not the first event")
	}
	s.id = id
	switch e.Type {
	case "response.created", "response.in_progress":
		if e.Response["status"] != "in_progress" || len(output) > 0 {
			return fmt.Errorf("it begins with %v and %d items", e.Response["status"], len(output))
		}
	case "response.completed", "response.incomplete":
		if "response."+e.Response["status"].(string) != e.Type {
			return fmt.Errorf("the status is %v", e.Response["status"])
		}
		if s.item != nil {
			return fmt.Errorf("the item %q is not done", s.item.id)
		}
		if len(output) != len(s.done) || len(output) > 0 && !reflect.DeepEqual(output, s.done) {
			return fmt.Errorf("the items are not those that were done:\n%v", s.done)
		}
		s.final = e.Response
	case "response.failed":
		if s.last != "error" || e.Response["status"] != "failed" {
			return fmt.Errorf("it fails behind %s with the status %v", s.last, e.Response["status"])
		}
		s.final = e.Response
	}
	return nil
}

func (s *responsesStream) content(e *responsesEvent) error {
	if e.OutputIndex == nil || *e.OutputIndex != len(s.done) {
		return fmt.Errorf("the index is not that of the open item, %d", len(s.done))
	}
	if e.Type == "response.output_item.added" {
		if s.item != nil {
			return fmt.Errorf("the item %q is still open", s.item.id)
		}
		s.item = &responsesItem{}
		s.item.id, _ = e.Item["id"].(string)
		return nil
	}
	if s.item == nil {
		return fmt.Errorf("no item is open")
	}
	if e.Type == "response.output_item.done" {
		if e.Item["id"] != s.item.id || s.item.open {
			return fmt.Errorf("done is not the open item %q, or not all of it", s.item.id)
		}
		s.done, s.item = append(s.done, e.Item), nil
		return nil
	}
	if e.ItemID != s.item.id {
		return fmt.Errorf("the open item is %q", s.item.id)
	}
	return s.item.event(e)
}

func (it *responsesItem) event(e *responsesEvent) error {
	index := e.ContentIndex
	if index == nil {
		index = e.SummaryIndex
	}
	switch {
	case strings.HasSuffix(e.Type, "part.added"):
		if it.open || *index != it.contents {
			return fmt.Errorf("it is not content %d, or another is open", it.contents)
		}
		it.open, it.contents = true, it.contents+1
		it.text.Reset()
		return nil
	case index != nil && (*index != it.contents-1 || !it.open):
		return fmt.Errorf("content %d is not open", *index)
	case strings.HasSuffix(e.Type, ".delta"):
		it.text.WriteString(e.Delta)
		return nil
	case strings.HasSuffix(e.Type, "part.done"):
		it.open = false
		for _, member := range []string{"text", "refusal"} {
			if v, ok := e.Part[member]; ok && v != it.text.String() {
				return fmt.Errorf("the part is not what its deltas said: %q", it.text.String())
			}
		}
		return nil
	}
	for _, whole := range []*string{e.Text, e.Refusal, e.Arguments, e.Input} {
		if whole != nil && *whole != it.text.String() {
			return fmt.Errorf("it is not what its deltas said: %q", it.text.String())
		}
	}
	return nil
}
