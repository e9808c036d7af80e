package mock

import "strings"

// The request of generateContent as the Gemini API checks it.

var (
	geminiData = matches(`^[A-Za-z0-9+/_=-]+$`)
	blob       = object(fields{"data!": geminiData, "mimeType!": matches(`^[a-z]+/`), "displayName": text})
	fileData   = object(fields{"fileUri!": text, "mimeType": text, "displayName": text})

	geminiPart = object(fields{
		"text": text, "thought": boolean, "thoughtSignature": matches(`^[A-Za-z0-9+/_=-]*$`), "inlineData": blob, "fileData": fileData,
		"functionCall": object(fields{"name!": text, "args": nullable(anyObject), "id": text}),
		"functionResponse": object(fields{
			"name!": sized(1, 0), "response!": anyObject, "id": text, "willContinue": boolean, "scheduling": text,
			"parts": listOf(object(fields{"inlineData": blob, "fileData": fileData, "mediaProcessing": text}), 0, 0),
		}),
		"executableCode": anyObject, "codeExecutionResult": anyObject, "toolCall": anyObject, "toolResponse": anyObject, "videoMetadata": anyObject,
		"mediaResolution": anyObject, "mediaProcessing": text, "partMetadata": anyObject, "speechMetadata": anyObject, "audioTranscription": anyObject,
	})
	content       = object(fields{"role": oneOf("user", "model", "function"), "parts!": listOf(geminiPart, 1, 0)})
	systemContent = object(fields{"role": text, "parts!": listOf(geminiPart, 1, 0)})

	declaration = object(fields{
		"name!": matches(`^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$`), "description": text, "parameters": geminiSchema, "parametersJsonSchema": anyObject,
		"response": geminiSchema, "responseJsonSchema": anything, "behavior": text,
	})
	geminiTool = object(fields{
		"functionDeclarations": listOf(declaration, 0, 512), "googleSearch": anyObject, "googleSearchRetrieval": anyObject, "codeExecution": anyObject,
		"urlContext": anyObject, "computerUse": anyObject, "fileSearch": anyObject, "googleMaps": anyObject, "mcpServers": listOf(anyObject, 0, 0),
	})

	generationFields = fields{
		"temperature": number(0, 2), "topP": number(0, 1), "topK": integer(1, 1e9), "candidateCount": integer(1, 8), "maxOutputTokens": integer(1, 1e9),
		"stopSequences": listOf(sized(1, 0), 0, 5), "responseLogprobs": boolean, "logprobs": integer(0, 20), "presencePenalty": number(-2, 2),
		"frequencyPenalty": number(-2, 2), "seed": integer(-1<<31, 1<<31-1), "responseSchema": geminiSchema, "responseJsonSchema": anything,
		"responseMimeType":   oneOf("text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum"),
		"responseModalities": listOf(oneOf("TEXT", "IMAGE", "AUDIO", "VIDEO", "MODALITY_UNSPECIFIED"), 0, 0), "mediaResolution": text,
		"speechConfig": anyObject, "imageConfig": anyObject, "audioTranscriptionConfig": anyObject, "enableEnhancedCivicAnswers": boolean,
		"thinkingConfig": object(fields{"includeThoughts": boolean, "thinkingBudget": integer(-1, 1e9), "thinkingLevel": oneOf("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH")}),
	}

	geminiFields = fields{
		"contents!": listOf(content, 1, 0), "systemInstruction": systemContent, "generationConfig": object(generationFields),
		"tools": listOf(geminiTool, 0, 0), "safetySettings": listOf(anyObject, 0, 0), "cachedContent": text, "labels": anyObject,
		"serviceTier": oneOf("UNSPECIFIED", "FLEX", "STANDARD", "PRIORITY"), "store": boolean, "continuationToken": text,
		"toolConfig": object(fields{
			"includeServerSideToolInvocations": boolean, "retrievalConfig": anyObject,
			"functionCallingConfig": object(fields{"mode": oneOf("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"), "allowedFunctionNames": listOf(text, 0, 0)}),
		}),
	}
	generateRequest = object(geminiFields)
	geminiCount     = object(fields{"contents": listOf(content, 1, 0), "generateContentRequest": object(geminiFields.with(fields{"model!": text}))})
	geminiEmbed     = object(fields{"model": text, "content!": systemContent, "taskType": text, "title": text, "outputDimensionality": integer(1, 3072)})
	geminiEmbeds    = object(fields{"requests!": listOf(geminiEmbed, 1, 100)})
)

var schemaFields = map[string]bool{
	"anyOf": true, "default": true, "description": true, "enum": true, "example": true, "format": true, "items": true, "maxItems": true, "maxLength": true,
	"maxProperties": true, "maximum": true, "minItems": true, "minLength": true, "minProperties": true, "minimum": true, "nullable": true, "pattern": true,
	"properties": true, "propertyOrdering": true, "required": true, "title": true, "type": true,
}

// geminiSchema is the API's own subset of a schema.
func geminiSchema(at string, v any) *fault {
	m, ok := v.(map[string]any)
	if !ok {
		return typeFault(at, "object", v)
	}
	for _, name := range sortedKeys(m) {
		if !schemaFields[name] {
			return &fault{at: join(at, name), kind: unknown}
		}
	}
	if kind, given := m["type"]; given {
		if f := oneOf("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL", "TYPE_UNSPECIFIED")(join(at, "type"), upper(kind)); f != nil {
			return f
		}
		if upper(kind) == "ARRAY" && m["items"] == nil {
			return &fault{at: join(at, "items"), kind: missing}
		}
	}
	if enum, ok := m["enum"]; ok {
		if f := listOf(text, 0, 0)(join(at, "enum"), enum); f != nil {
			return f
		}
	}
	properties := obj(m, "properties")
	for _, name := range sortedKeys(properties) {
		if f := geminiSchema(join(at, "properties."+name), properties[name]); f != nil {
			return f
		}
	}
	for i, name := range arr(m, "required") {
		if s, _ := name.(string); properties[s] == nil {
			return wrong(item(join(at, "required"), i), "property is not defined")
		}
	}
	for i, sub := range arr(m, "anyOf") {
		if f := geminiSchema(item(join(at, "anyOf"), i), sub); f != nil {
			return f
		}
	}
	if items, ok := m["items"]; ok {
		return geminiSchema(join(at, "items"), items)
	}
	return nil
}

func upper(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToUpper(s)
	}
	return v
}

// Whose members are a user's names, not the API's.
var foreign = map[string]bool{"args": true, "response": true, "parametersJsonSchema": true, "responseJsonSchema": true, "labels": true, "properties": true, "partMetadata": true}

// Whose values are enumerations, which are accepted in lower case.
var enums = map[string]bool{"mode": true, "thinkingLevel": true, "responseModalities": true, "serviceTier": true}

// camel gives the API's field names their usual form, as it accepts both, and
// takes out nulls, which are the same as nothing.
func camel(v any, in string) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, sub := range v {
			if in != "properties" {
				k = camelName(k)
			}
			switch {
			case sub == nil:
			case foreign[k] && in != "properties" && k != "properties":
				out[k] = sub
			default:
				out[k] = camel(sub, k)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, sub := range v {
			out[i] = camel(sub, in)
		}
		return out
	case string:
		if enums[in] {
			return strings.ToUpper(v)
		}
	}
	return v
}

func camelName(k string) string {
	for {
		i := strings.IndexByte(k, '_')
		if i < 0 || i+1 == len(k) {
			return k
		}
		k = k[:i] + strings.ToUpper(k[i+1:i+2]) + k[i+2:]
	}
}
