package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// witness is a provider of each dialect, anew for each of its rooms, that
// answers what a test tells it and remembers byte by byte what it was sent.
type witness struct {
	url   string
	mu    sync.Mutex
	rooms map[string]*room
}

// room is what happens to one provider of a witness.
type room struct {
	steps []http.HandlerFunc // the last one stays
	seen  []sight
}

// sight is a request as an instance got it.
type sight struct {
	instance, path string // the path escaped, without what leads to the instance
	query          string
	header         http.Header
	body           string
}

func newWitness(t *testing.T) *witness {
	w := &witness{rooms: map[string]*room{}}
	srv := httptest.NewServer(http.HandlerFunc(w.answer))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	w.url = srv.URL
	return w
}

// answer takes the next step of the room that the path begins with:
// /ROOM/INSTANCE/...
func (w *witness) answer(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a client that goes shows later
	parts := strings.SplitN(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/", 3)
	w.mu.Lock()
	in := w.rooms[parts[0]]
	in.seen = append(in.seen, sight{parts[1], "/" + parts[2], r.URL.RawQuery, r.Header, string(body)})
	step := in.steps[0]
	if len(in.steps) > 1 {
		in.steps = in.steps[1:]
	}
	w.mu.Unlock()
	step(rw, r)
}

// blocks is a provider with two instances for each dialect in each of so many
// rooms, called "k1-openai" and so on, and its model of that name.
func (w *witness) blocks(rooms int) string {
	var b strings.Builder
	for n := range rooms {
		for d, version := range map[string]string{"openai": "/v1", "anthropic": "/v1", "gemini": "/v1beta"} {
			id := fmt.Sprintf("k%d-%s", n, d)
			w.rooms[id] = &room{}
			fmt.Fprintf(&b, "provider %q {\n  dialect = %q\n", id, d)
			for _, in := range []string{"one", "two"} {
				fmt.Fprintf(&b, "  instance %q {\n    base_url = %q\n    api_key = \"provider-secret\"\n    first_byte_timeout = \"30s\"\n    idle_timeout = \"1s\"\n  }\n", in, w.url+"/"+id+"/"+in+version)
			}
			fmt.Fprintf(&b, "}\nroute %q { provider = %q }\n", id, id)
		}
	}
	return b.String()
}

// then tells the provider of a room what to answer, and forgets what it saw.
func (w *witness) then(id string, steps ...http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*w.rooms[id] = room{steps: steps}
}

func (w *witness) seen(id string) []sight {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]sight(nil), w.rooms[id].seen...)
}
