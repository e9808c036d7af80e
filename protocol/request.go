package protocol

// Request is what a client asks for. Absent numbers are nil, absent texts nil.
type Request struct {
	Messages []Message // in the client's order; leading system messages come first
	Tools    []Tool
	Choice   ToolChoice
	Parallel Tri // whether several tools may be called in one answer

	MaxTokens   int64 // 0: absent, or MaxTokensSet tells
	Temperature Raw   // a number, 0..2
	TopP        Raw
	TopK        Raw
	Presence    Raw // presence penalty
	Frequency   Raw // frequency penalty
	Seed        Raw
	LogitBias   Raw // an object
	Stop        []Text
	N           int64 // answers wanted; 0: absent
	Logprobs    bool
	TopLogprobs int64 // 0: absent

	Format    *Format // nil: free text
	Reasoning Reasoning
	Verbosity string // low, medium, high

	Stream       bool
	IncludeUsage bool // a chat client wants the usage chunk

	User        Text   // the end user: user_id, safety_identifier
	Tier        string // service tier in OpenAI's words: auto, default, flex, priority, fast, scale
	CacheKey    Text   // prompt_cache_key
	Metadata    Raw    // the client's own labels, an object
	WebSearch   *WebSearch
	SafetyRaw   Raw      // Gemini's safetySettings, for Gemini only
	Include     []string // Responses: extra things wanted in the answer
	WholeSchema bool     // Gemini: responseSchema was in the OpenAPI subset and is converted
	Functions   bool     // chat's deprecated functions were given: a call is answered as function_call

	// Echo is what an answer repeats of the request: members of an object as
	// they stood, compact, a comma before each. Responses alone has such.
	Echo Raw

	// Cache is a mark on the whole request (Anthropic's top-level
	// cache_control): the last block that can be cached.
	Cache CacheMark
}

// Format is the form an answer must have.
type Format struct {
	Schema      Raw  // nil: any JSON object
	Name        Text // nil: unnamed
	Description Text
	Strict      Tri
}

// Described is the schema, with the format's description as its own where it
// has none: only OpenAI has another place for it.
func (f *Format) Described() Raw {
	if _, has := Find(f.Schema, "description"); has || f.Description.Empty() || len(f.Schema) == 0 || f.Schema[0] != '{' {
		return f.Schema
	}
	return Splice(nil, f.Schema, InsertMember(f.Schema, Member{End: len(f.Schema)}, "description", f.Description))
}

// WebSearch is a provider's own search tool, in the terms that more than one
// dialect has.
type WebSearch struct {
	MaxUses  int64
	Allowed  []Text // domains
	Blocked  []Text
	Location Raw    // {"city","country","region","timezone"}, of the user, approximate
	Size     string // OpenAI's search_context_size
}

// Effort is how hard a model shall think, in the order of the words.
type Effort uint8

// The efforts. EffortUnset: the client says nothing.
const (
	EffortUnset Effort = iota
	EffortNone
	EffortMinimal
	EffortLow
	EffortMedium
	EffortHigh
	EffortXHigh
	EffortMax
)

var effortNames = [...]string{"", "none", "minimal", "low", "medium", "high", "xhigh", "max"}

// String returns the word that OpenAI and Anthropic use, "" for EffortUnset.
func (e Effort) String() string {
	if int(e) < len(effortNames) {
		return effortNames[e]
	}
	return ""
}

// ParseEffort is the inverse of [Effort.String].
func ParseEffort(s string) (Effort, bool) {
	for i, name := range effortNames {
		if name == s && i > 0 {
			return Effort(i), true
		}
	}
	return EffortUnset, false
}

// ThinkMode is Anthropic's thinking.type, and its like elsewhere.
type ThinkMode uint8

// The modes. ThinkUnset: the client names none, only an effort perhaps.
const (
	ThinkUnset    ThinkMode = iota
	ThinkOff                // disabled; budget 0
	ThinkBudget             // enabled, with Budget
	ThinkAdaptive           // the model decides; budget -1
)

// Reasoning is what a client wants of the model's thinking. An OpenAI client
// sets Effort alone, an Anthropic client Mode and perhaps Effort, a Gemini
// client Budget (ThinkBudget, ThinkOff, ThinkAdaptive) or Effort for a level.
type Reasoning struct {
	Effort Effort
	Mode   ThinkMode
	Budget int64 // tokens, with ThinkBudget
	Show   Tri   // whether the thinking shall be seen: summary, display, includeThoughts
}

// Role is who speaks.
type Role uint8

// The roles. A tool's result is a part of a user's message.
const (
	RoleUser Role = iota
	RoleAssistant
	RoleSystem
	RoleDeveloper
)

// Message is one turn, or a piece of one: [Arrange] joins them.
type Message struct {
	Role  Role
	Name  Text
	Parts []Part
}

// CacheMark asks the provider to cache the prompt up to here.
type CacheMark uint8

// The marks.
const (
	CacheNone CacheMark = iota
	Cache5m
	Cache1h
)

// PartKind says which fields of a [Part] mean something.
type PartKind uint8

// The kinds of parts.
const (
	PartText       PartKind = iota // Text, Citations
	PartThinking                   // Text (may be empty), Signature
	PartRedacted                   // Signature alone: thinking that only its maker can read
	PartCall                       // ID, Name, Args, Custom, Signature
	PartResult                     // ID, Name (of the tool, once known), Parts, IsError
	PartImage                      // Media
	PartFile                       // Media: PDF or text
	PartAudio                      // Media
	PartRefusal                    // Text
	PartServerTool                 // Raw: a call of a provider's own tool, or its result; Name; Text: what it says in words, may be absent; Signature.Maker: whose tool it is
)

// Part is one block of a message.
type Part struct {
	Kind      PartKind
	Text      Text
	ID        Text // of a call, as the client or the provider gave it
	Name      Text // of the tool
	Namespace Text // Responses: the namespace that the tool was flattened from
	Args      Raw  // a JSON object, always; of a custom tool {"input":"..."}
	Custom    bool // a custom tool of OpenAI: free text instead of arguments
	IsError   bool
	Cache     CacheMark
	Parts     []Part // of a result: text, images, files
	Media     *Media
	Signature Signature
	Citations []Citation
	Raw       Raw
}

// Maker is whose opaque data a signature is. Nobody else accepts it.
type Maker uint8

// The makers.
const (
	NoMaker Maker = iota
	MadeByAnthropic
	MadeByGemini
	MadeByOpenAI // encrypted content of a Responses reasoning item
)

// Signature is a provider's proof of, or encrypted, thinking. It goes back
// byte for byte to the provider that made it, and to no other.
type Signature struct {
	Maker Maker
	Data  Text
	ID    Text // of a Responses reasoning item
}

// Present tells whether there is one.
func (s Signature) Present() bool { return s.Maker != NoMaker && !s.Data.Empty() }

// Media is an image, a document or a sound: by data, by URL or by the id of a
// file that the provider keeps.
type Media struct {
	At     string // the field in which the client put it, for errors; "": not told
	Type   Text   // MIME type as the client wrote it; nil: unknown
	Data   Text   // base64, as a JSON string; nil: none
	URL    Text   // http or https, or a provider's own scheme
	FileID Text
	Name   Text // of the file
	Plain  Text // a document that is plain text, instead of Data
	Detail string
	// Citations of a document are wanted (Anthropic).
	Citations bool
	Context   Text // Anthropic's context of a document
}

// Citation says where a text comes from. Start and End count code points of
// the text of its part; both 0: all of it.
type Citation struct {
	URL, Title Text
	Start, End int
}

// ToolKind says what a tool is.
type ToolKind uint8

// The kinds. A ToolServer runs at the provider that knows it; Raw is its
// definition there, Maker whose it is.
const (
	ToolFunction ToolKind = iota
	ToolCustom            // OpenAI: free text; Raw: the format it is bound by, in the form of Responses ({"type":"grammar","syntax":"lark","definition":"..."}), nil for any
	ToolServer
)

// Tool is a tool that the model may call.
type Tool struct {
	Kind        ToolKind
	Name        Text
	Namespace   Text // Responses: Name is namespace__name, this is the namespace
	Description Text
	Schema      Raw // JSON Schema of the arguments, an object; nil: none
	Strict      Tri
	Cache       CacheMark
	Deferred    bool // Anthropic's defer_loading: not in the prompt, cannot be cached
	Maker       Maker
	Raw         Raw
}

// ChoiceMode is what a client says about calling tools.
type ChoiceMode uint8

// The modes.
const (
	ChoiceUnset ChoiceMode = iota
	ChoiceAuto
	ChoiceNone
	ChoiceRequired // some tool
	ChoiceTool     // Names[0]
	ChoiceAllowed  // of Names, or none
	ChoiceOneOf    // one of Names
)

// ToolChoice bounds which tools are called.
type ToolChoice struct {
	Mode  ChoiceMode
	Names []Text
}
