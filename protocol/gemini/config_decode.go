package gemini

import (
	"strings"

	"github.com/llmgw/llmgw/protocol"
)

func (d *decoder) generationConfig() {
	c, r := d.c, d.r
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "temperature":
			r.Temperature = c.NumberIn(0, 2)
		case "topP", "top_p":
			r.TopP = c.NumberIn(0, 1)
		case "topK", "top_k":
			r.TopK = c.Count()
		case "maxOutputTokens", "max_output_tokens":
			if r.MaxTokens = c.Int(); r.MaxTokens < 1 {
				c.Fail("expected a positive number.")
			}
		case "candidateCount", "candidate_count":
			if r.N = c.Int(); r.N < 1 || r.N > maxCandidates {
				c.Fail("expected a number from 1 to 8.")
			}
		case "stopSequences", "stop_sequences":
			list(c, func(int) { r.Stop = append(r.Stop, c.Text()) })
		case "presencePenalty", "presence_penalty":
			r.Presence = c.NumberIn(-2, 2)
		case "frequencyPenalty", "frequency_penalty":
			r.Frequency = c.NumberIn(-2, 2)
		case "seed":
			r.Seed = c.Number()
		case "responseLogprobs", "response_logprobs":
			r.Logprobs = c.Bool()
		case "logprobs":
			if r.TopLogprobs = c.Int(); r.TopLogprobs < 0 || r.TopLogprobs > maxLogprobs {
				c.Fail("expected a number from 0 to 20.")
			}
		case "responseMimeType", "response_mime_type":
			d.mime = c.Str()
			d.checkMIME()
		case "responseSchema", "response_schema":
			d.setSchema(true)
		case "responseJsonSchema", "response_json_schema", "_responseJsonSchema":
			d.setSchema(false)
		case "thinkingConfig", "thinking_config":
			d.thinkingConfig()
		case "responseModalities", "response_modalities":
			list(c, func(int) {
				if m := d.enum(); m != "TEXT" && m != "MODALITY_UNSPECIFIED" {
					c.Fail("the models of another provider answer with text only.")
				}
			})
		case "mediaResolution", "media_resolution":
			c.Raw()
			d.x.Warn("generationConfig", "mediaResolution not supported")
		case "speechConfig", "speech_config":
			c.Raw()
			d.x.Warn("generationConfig", "speechConfig not supported")
		case "imageConfig", "image_config":
			c.Raw()
			d.x.Warn("generationConfig", "imageConfig not supported")
		}
	})
}

func (d *decoder) checkMIME() {
	switch d.mime {
	case "", "text/plain", "application/json":
	default:
		d.c.Fail("only text/plain and application/json can be had from the models of another provider.")
	}
}

func (d *decoder) setSchema(subset bool) {
	if d.schema != nil {
		d.c.Fail("a request has one schema, responseSchema or responseJsonSchema.")
		return
	}
	if k := d.c.Kind(); k == 't' || k == 'f' { // the schema of anything
		return
	}
	if d.c.Kind() != '{' {
		d.c.Fail("expected an object.")
		return
	}
	d.schema, d.subset = d.c.Raw(), subset
}

// finishFormat makes one format of the MIME type and the schema.
func (d *decoder) finishFormat() error {
	switch {
	case d.schema != nil:
		if d.mime != "application/json" {
			return protocol.Invalid("generationConfig.responseMimeType", "Invalid value for 'generationConfig.responseMimeType': a schema of the answer needs application/json.")
		}
		schema, err := jsonSchema(d.schema)
		if err != nil {
			return err
		}
		d.r.Format = &protocol.Format{Schema: schema}
		d.r.WholeSchema = d.subset
	case d.mime == "application/json":
		d.r.Format = &protocol.Format{}
	}
	return nil
}

func (d *decoder) thinkingConfig() {
	c, t := d.c, &d.r.Reasoning
	budget := false
	c.Object(func(name []byte) {
		if c.Null() {
			return
		}
		switch string(name) {
		case "includeThoughts", "include_thoughts":
			t.Show = protocol.TriOf(c.Bool())
		case "thinkingBudget", "thinking_budget":
			budget = true
			switch n := c.Int(); {
			case n == 0:
				t.Mode = protocol.ThinkOff
			case n == -1:
				t.Mode = protocol.ThinkAdaptive
			case n > 0:
				t.Mode, t.Budget = protocol.ThinkBudget, n
			default:
				c.Fail("expected -1, 0 or a positive number.")
			}
		case "thinkingLevel", "thinking_level":
			d.thinkingLevel()
		}
	})
	if budget && t.Effort != protocol.EffortUnset {
		c.Fail("thinkingBudget and thinkingLevel exclude each other.")
	}
}

func (d *decoder) thinkingLevel() {
	level := d.enum()
	if level == "THINKING_LEVEL_UNSPECIFIED" || level == "" {
		return
	}
	effort, ok := protocol.ParseEffort(strings.ToLower(level))
	if !ok || effort < protocol.EffortMinimal || effort > protocol.EffortHigh {
		d.c.Fail("expected MINIMAL, LOW, MEDIUM or HIGH.")
		return
	}
	d.r.Reasoning.Effort = effort
}
