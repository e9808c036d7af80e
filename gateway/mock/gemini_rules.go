package mock

import (
	"slices"
	"strings"
)

// family is a Gemini model's generation in tenths: 20 and older, 25, 30. A name
// that tells none is taken for the newest.
func family(model string) int {
	model = strings.TrimPrefix(model, "models/")
	switch {
	case strings.HasPrefix(model, "gemini-1"), strings.HasPrefix(model, "gemini-2.0"):
		return 20
	case strings.HasPrefix(model, "gemini-2.5"):
		return 25
	}
	return 30
}

// judgeGemini applies the rules that hold between the fields of a request.
func judgeGemini(in map[string]any, model string) *fault {
	for _, check := range []func(map[string]any, string) *fault{judgeConfig, judgeDeclarations, judgeContents} {
		if f := check(in, model); f != nil {
			return f
		}
	}
	return nil
}

func judgeConfig(in map[string]any, model string) *fault {
	config := obj(in, "generationConfig")
	_, schema := config["responseSchema"]
	_, jsonSchema := config["responseJsonSchema"]
	mime := str(config, "responseMimeType")
	switch {
	case schema && jsonSchema:
		return wrong("generationConfig", "only one of response_schema and response_json_schema may be set")
	case (schema || jsonSchema) && mime != "application/json" && mime != "text/x.enum":
		return wrong("generationConfig.responseSchema", "only allowed when `response_mime_type` is 'application/json' or 'text/x.enum'")
	case config["logprobs"] != nil && !flag(config, "responseLogprobs"):
		return wrong("generationConfig.logprobs", "logprobs may only be set when response_logprobs is true")
	case mime == "application/json" && declared(in) && family(model) < 30:
		return wrong("", "Function calling with a response mime type: 'application/json' is unsupported")
	}
	thinking := obj(config, "thinkingConfig")
	budget, hasBudget := num(thinking, "thinkingBudget")
	level := str(thinking, "thinkingLevel")
	pro := strings.Contains(model, "pro")
	switch {
	case thinking == nil:
	case family(model) == 20:
		return wrong("", "Unable to submit request because thinking is not supported by this model.")
	case hasBudget && level != "":
		return wrong("", "You can only set one of thinking budget and thinking level.")
	case level != "" && family(model) == 25:
		return wrong("", "Thinking level is not supported for this model.")
	case hasBudget && budget >= 0 && budget < 128 && pro && family(model) == 25:
		return wrong("", "Budget %v is invalid. This model only works in thinking mode.", budget)
	case hasBudget && budget > 32768:
		return wrong("", "The thinking budget %v is invalid. Please choose a value between 0 and 32768.", budget)
	case level == "MINIMAL" && pro:
		return wrong("", "Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.")
	}
	return nil
}

func declared(in map[string]any) bool {
	return slices.ContainsFunc(objects(arr(in, "tools")), func(t map[string]any) bool { return len(arr(t, "functionDeclarations")) > 0 })
}

func judgeDeclarations(in map[string]any, model string) *fault {
	names := map[string]bool{}
	builtin := false
	for i, t := range objects(arr(in, "tools")) {
		for name := range t {
			builtin = builtin || name != "functionDeclarations"
		}
		for j, d := range objects(arr(t, "functionDeclarations")) {
			at := item(item("tools", i)+".functionDeclarations", j)
			if names[str(d, "name")] {
				return wrong(at, "Duplicate function declaration found: %s", str(d, "name"))
			}
			names[str(d, "name")] = true
			if d["parameters"] != nil && d["parametersJsonSchema"] != nil {
				return wrong(at, "only one of parameters and parameters_json_schema may be set")
			}
			if f := refsAlone(at+".parametersJsonSchema", d["parametersJsonSchema"]); f != nil {
				return f
			}
		}
	}
	if builtin && len(names) > 0 && family(model) < 30 {
		return wrong("", "Tool use with function calling is unsupported")
	}
	calling := obj(obj(in, "toolConfig"), "functionCallingConfig")
	mode := str(calling, "mode")
	allowed := arr(calling, "allowedFunctionNames")
	switch {
	case len(allowed) > 0 && mode != "ANY" && mode != "VALIDATED":
		return wrong("toolConfig.functionCallingConfig.allowedFunctionNames", "should only be set when the function calling mode is ANY or VALIDATED")
	case (mode == "ANY" || mode == "VALIDATED") && len(names) == 0:
		return wrong("toolConfig.functionCallingConfig", "Function calling config is set without function_declarations.")
	}
	for _, name := range allowed {
		if !names[name.(string)] {
			return wrong("toolConfig.functionCallingConfig.allowedFunctionNames", "function '%s' is not declared", name)
		}
	}
	return nil
}

// refsAlone: a node with $ref may have no members but those that start with $.
func refsAlone(at string, v any) *fault {
	switch v := v.(type) {
	case []any:
		for _, sub := range v {
			if f := refsAlone(at, sub); f != nil {
				return f
			}
		}
	case map[string]any:
		_, ref := v["$ref"].(string)
		for _, name := range sortedKeys(v) {
			if ref && !strings.HasPrefix(name, "$") {
				return wrong(at, "a schema with $ref must not set '%s'", name)
			}
			if f := refsAlone(join(at, name), v[name]); f != nil {
				return f
			}
		}
	}
	return nil
}

// onePart: a part holds exactly one kind of data.
func onePart(at string, p map[string]any) *fault {
	n := 0
	for _, name := range []string{"text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult", "toolCall", "toolResponse", "audioTranscription"} {
		if p[name] != nil {
			n++
		}
	}
	switch {
	case n > 1:
		return wrong(at+".data", "oneof field 'data' is already set")
	case n == 0 && p["thoughtSignature"] == nil:
		return wrong(at+".data", "required oneof field 'data' must have one initialized field")
	}
	return nil
}

// judgeContents checks what one content asks of the next.
func judgeContents(in map[string]any, model string) *fault {
	contents := objects(arr(in, "contents"))
	current := 0 // where the current turn starts: the last user content that is no tool result
	for i, c := range contents {
		if str(c, "role") != "model" && !holds(c, "functionResponse") {
			current = i
		}
	}
	var open []map[string]any // calls of the model's turn before
	for i := 0; i < len(contents); {
		role, at := str(contents[i], "role"), item("contents", i)
		var run []map[string]any // parts of consecutive contents of one role
		first := i
		for ; i < len(contents) && (str(contents[i], "role") == "model") == (role == "model"); i++ {
			for j, p := range objects(arr(contents[i], "parts")) {
				if f := onePart(item(join(item("contents", i), "parts"), j), p); f != nil {
					return f
				}
				run = append(run, p)
			}
		}
		calls, responses := members(run, "functionCall"), members(run, "functionResponse")
		if role == "model" {
			switch {
			case first == 0 && len(calls) > 0:
				return wrong("", "Please ensure that function call turn comes immediately after a user turn or after a function response turn.")
			case first > current && family(model) >= 30:
				if f := signedCalls(at, run); f != nil {
					return f
				}
			}
			open = calls
			continue
		}
		if f := answers(open, responses); f != nil {
			return f
		}
		open = nil
	}
	if len(open) > 0 {
		return wrong("", "Please ensure that function response turn comes immediately after a function call turn.")
	}
	return nil
}

func holds(c map[string]any, name string) bool {
	return len(members(objects(arr(c, "parts")), name)) > 0
}

func members(parts []map[string]any, name string) []map[string]any {
	var list []map[string]any
	for _, p := range parts {
		if m := obj(p, name); m != nil {
			list = append(list, m)
		}
	}
	return list
}

// answers compares responses with the calls that they answer.
func answers(calls, responses []map[string]any) *fault {
	if len(calls) != len(responses) {
		if len(calls) == 0 {
			return wrong("", "Please ensure that function response turn comes immediately after a function call turn.")
		}
		return wrong("", "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.")
	}
	left := slices.Clone(calls)
	for _, r := range responses {
		i := slices.IndexFunc(left, func(c map[string]any) bool {
			return str(c, "name") == str(r, "name") && (str(r, "id") == "" || str(c, "id") == "" || str(r, "id") == str(c, "id"))
		})
		if i < 0 {
			return wrong("", "Function response '%s' (id '%s') answers no function call of the turn before it.", str(r, "name"), str(r, "id"))
		}
		left = slices.Delete(left, i, i+1)
	}
	return nil
}

// skips are what the API takes in place of a signature that was lost.
var skips = []string{"skip_thought_signature_validator", "context_engineering_is_the_way_to_go", "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="}

// standardBase64 undoes the alphabet for URLs, in which Google's Python SDK
// sends bytes back; the API takes both.
var standardBase64 = strings.NewReplacer("-", "+", "_", "/")

// signedCalls: in the current turn the first call of a step has the signature
// that it came with.
func signedCalls(at string, run []map[string]any) *fault {
	first := true
	for i, p := range run {
		c := obj(p, "functionCall")
		if c == nil {
			continue
		}
		signature := str(p, "thoughtSignature")
		switch {
		case first && signature == "":
			return wrong("", "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:%s`, position %d.", str(c, "name"), i+1)
		case strings.HasPrefix(signature, signaturePrefix) && standardBase64.Replace(signature) != callSignature(c):
			return wrong(item(join(at, "parts"), i), "Thought signature is not valid.")
		case signature != "" && !strings.HasPrefix(signature, signaturePrefix) && !slices.Contains(skips, signature) && len(signature) < 40:
			return wrong(item(join(at, "parts"), i), "Thought signature is not valid.")
		}
		first = false
	}
	return nil
}

func callSignature(c map[string]any) string { return sign("gemini", str(c, "name")) }
