package gateway

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/llmgw/llmgw/gateway/config"
	"github.com/llmgw/llmgw/protocol"
)

// modelObject carries OpenAI's and Anthropic's fields at once: one shape
// satisfies both SDKs' listers and Claude Code's model discovery.
type modelObject struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Created     int64  `json:"created"`
	OwnedBy     string `json:"owned_by"`
	Type        string `json:"type"`
	DisplayName string `json:"display_name"`
	CreatedAt   string `json:"created_at"`
}

// The moment that every model claims to be made at: the same on all nodes.
const (
	modelsCreated   = 1767225600
	modelsCreatedAt = "2026-01-01T00:00:00Z"
)

type geminiModel struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	DisplayName string   `json:"displayName"`
	Methods     []string `json:"supportedGenerationMethods"`
}

// models answers a question for models, with the state of the key's limits.
func (n *Node) models(s *snapshot, key *config.APIKey, e endpoint, form protocol.Dialect, id string) *answer {
	a := n.listModels(s, key, e, form, id)
	n.showLimits(n.life, a, form, key)
	if form == protocol.Anthropic {
		a.dateResets(n.now())
	}
	return a
}

// listModels answers GET /v1/models, /v1beta/models and one model of either,
// with the models that the key may use.
func (n *Node) listModels(s *snapshot, key *config.APIKey, e endpoint, form protocol.Dialect, id string) *answer {
	routes := s.models(key)
	if e.kind == kindModel {
		name, err := url.PathUnescape(e.model)
		if err != nil {
			name = e.model
		}
		if form == protocol.Gemini {
			name = strings.TrimPrefix(name, "models/") // as lists call it
		}
		for _, r := range routes {
			if r.Pattern == name {
				return n.modelAnswer(s, []config.Route{r}, e, form, id, true)
			}
		}
		// A name that only a pattern covers exists too, when the key may use it.
		if r, ok := s.config.RouteFor(name); ok && key.Allows(name) && strings.Contains(r.Pattern, "*") {
			r.Pattern = name
			return n.modelAnswer(s, []config.Route{r}, e, form, id, true)
		}
		return n.failure(form, id, &protocol.Error{Code: protocol.ModelNotFound, Message: "The model '" + clip(name, 200) + "' does not exist or this API key may not use it.", Param: "model"})
	}
	return n.modelAnswer(s, routes, e, form, id, false)
}

func (n *Node) modelAnswer(s *snapshot, routes []config.Route, e endpoint, form protocol.Dialect, id string, single bool) *answer {
	var v any
	switch {
	case e.dialect != protocol.Gemini:
		v = unionModels(s, routes, form == protocol.Gemini, single)
	case single:
		v = geminiModels(routes)[0]
	default:
		v = map[string]any{"models": geminiModels(routes)}
	}
	body, err := json.Marshal(v)
	if err != nil {
		return n.failure(e.dialect, id, &protocol.Error{Code: protocol.Internal, Message: "The model list could not be written."})
	}
	a := &answer{status: 200, body: body}
	a.set("Content-Type", "application/json")
	a.set("X-Request-Id", id)
	a.set("Request-Id", id)
	a.set("X-LLM-Gateway-Node", n.name)
	return a
}

func geminiModels(routes []config.Route) []geminiModel {
	list := make([]geminiModel, 0, len(routes))
	for _, r := range routes {
		list = append(list, geminiModel{Name: "models/" + r.Pattern, Version: "001", DisplayName: display(r), Methods: []string{"generateContent", "streamGenerateContent", "countTokens"}})
	}
	return list
}

// unionModels answers at the path that OpenAI's and Anthropic's clients share.
// Gemini's ask there too, for their API's stable version; their fields are
// added for them only, as others may read "models" in another sense.
func unionModels(s *snapshot, routes []config.Route, gemini, single bool) any {
	list := make([]modelObject, 0, len(routes))
	for _, r := range routes {
		list = append(list, modelObject{
			ID: r.Pattern, Object: "model", Created: modelsCreated, OwnedBy: s.providers[r.Provider].Name,
			Type: "model", DisplayName: display(r), CreatedAt: modelsCreatedAt,
		})
	}
	if single && gemini {
		return struct {
			geminiModel
			modelObject
		}{geminiModels(routes)[0], list[0]}
	}
	if single {
		return list[0]
	}
	out := map[string]any{"object": "list", "data": list, "has_more": false, "first_id": nil, "last_id": nil}
	if len(list) > 0 {
		out["first_id"], out["last_id"] = list[0].ID, list[len(list)-1].ID
	}
	if gemini {
		out["models"] = geminiModels(routes)
	}
	return out
}

func display(r config.Route) string {
	if r.DisplayName != "" {
		return r.DisplayName
	}
	return r.Pattern
}
