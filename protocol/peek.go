package protocol

// Peek is what routing reads of a request's body. A field that the dialect
// does not have stays zero; a span that is absent has End 0.
type Peek struct {
	// Model is the model asked for, "" when the body names none.
	Model string
	// ModelSpan is where its value lies, quotes included.
	ModelSpan Member
	// Stream tells whether the body asks for a stream, StreamSpan where.
	Stream     bool
	StreamSpan Member
	// StreamOptions is the span of OpenAI's stream_options, and IncludeUsage
	// whether its include_usage is true.
	StreamOptions Member
	IncludeUsage  bool
	// PromptCacheKey is OpenAI's prompt_cache_key.
	PromptCacheKey string
	// UserID is Anthropic's metadata.user_id, SessionID the session that
	// Claude Code names inside of it.
	UserID    string
	SessionID string
	// System, Tools and Messages are where these members of Anthropic's lie; of
	// OpenAI's the first two, and Misshaped tells whether they are Anthropic's.
	System, Tools, Messages Member
	Misshaped               bool
	// HasMessages and HasInput tell whether "messages" and "input" are there.
	HasMessages bool
	HasInput    bool
	// MaxOutput is the most tokens of output that the client wants; 0: it does
	// not say.
	MaxOutput int64
	// Signs are what else was noticed in the body.
	Signs Signs
}

// ReadMaxOutput sets MaxOutput from its value, a JSON value of any kind.
func (p *Peek) ReadMaxOutput(value []byte) {
	if n, ok := Int(value); ok && n > 0 {
		p.MaxOutput = n
	}
}

// ReadModelAndStream sets Model and Stream from their spans in body. It
// returns an *Error where one has the wrong type. A null stream is false.
func (p *Peek) ReadModelAndStream(body []byte) error {
	if p.ModelSpan.Present() {
		model, ok := String(p.ModelSpan.Of(body))
		if !ok {
			return Invalid("model", "Invalid type for 'model': expected a string.")
		}
		p.Model = model
	}
	if p.StreamSpan.Present() && !IsNull(p.StreamSpan.Of(body)) {
		stream, ok := Bool(p.StreamSpan.Of(body))
		if !ok {
			return Invalid("stream", "Invalid type for 'stream': expected true or false.")
		}
		p.Stream = stream
	}
	return nil
}
