package mock

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// control lets a test in another process script this one.
func (p *Provider) control(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	switch r.Method + " " + r.URL.Path {
	case "POST /mock/script":
		b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			return
		}
		steps, err := parseScript(string(b))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
			return
		}
		p.Script(steps...)
		fmt.Fprintln(w, `{}`)
	case "POST /mock/down":
		p.Down(r.URL.Query().Get("down") != "false")
		fmt.Fprintln(w, `{}`)
	case "POST /mock/reset":
		p.Reset()
		fmt.Fprintln(w, `{}`)
	case "GET /mock/requests":
		_ = json.NewEncoder(w).Encode(map[string]any{"requests": p.Requests(), "violations": p.Violations()}) // the reader is gone
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintln(w, `{"error":"POST /mock/script, POST /mock/down?down=true|false, POST /mock/reset, GET /mock/requests"}`)
	}
}

// parseScript reads one step a line.
func parseScript(text string) ([]Step, error) {
	var steps []Step
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var s Step
		if err := s.parse(line); err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}
