package protocol

// Code is the class of an error, the same in every dialect; each dialect has
// its own status and name for it. The zero Code is treated as [Internal].
type Code uint8

const (
	_ Code = iota

	// InvalidRequest is the client's own mistake in body, headers or query: 400.
	InvalidRequest
	// Authentication is a missing or unknown API key: 401.
	Authentication
	// Permission is a known key that may not do this: 403.
	Permission
	// NotFound is a path that is no endpoint: 404.
	NotFound
	// ModelNotFound is a model without a route, or one the key may not use: 404.
	ModelNotFound
	// MethodNotAllowed is an endpoint asked with the wrong method: 405.
	MethodNotAllowed
	// RequestTimeout is a request that took the client too long to send: 408.
	RequestTimeout
	// TooLarge is a body above the configured limit: 413.
	TooLarge
	// UnsupportedMedia is a body in a form that is not read, such as gzip: 415.
	UnsupportedMedia
	// UpgradeRequired answers an attempt to open a WebSocket: 426.
	UpgradeRequired
	// RateLimited is a limit reached, the gateway's or the provider's: 429.
	RateLimited
	// HeadersTooLarge is a request head above the limit: 431.
	HeadersTooLarge
	// ClientClosed is a client that left before its answer; nobody reads it: 499.
	ClientClosed
	// Internal is a fault of the gateway itself: 500.
	Internal
	// NotImplemented is a valid wish that this gateway cannot fulfil: 501.
	NotImplemented
	// BadGateway is an instance that answered garbage, or that every one failed: 502.
	BadGateway
	// Unavailable is a node that drains, or a provider without a usable instance: 503.
	Unavailable
	// GatewayTimeout is an instance that did not answer in time: 504.
	GatewayTimeout
	// Overloaded is a provider that says it has too much to do: 529, Anthropic's number.
	Overloaded
)

// codeTable gives each code its status and its name in logs and metrics.
var codeTable = [...]struct {
	status int
	name   string
}{
	InvalidRequest:   {400, "invalid_request"},
	Authentication:   {401, "authentication"},
	Permission:       {403, "permission"},
	NotFound:         {404, "not_found"},
	ModelNotFound:    {404, "model_not_found"},
	MethodNotAllowed: {405, "method_not_allowed"},
	RequestTimeout:   {408, "request_timeout"},
	TooLarge:         {413, "too_large"},
	UnsupportedMedia: {415, "unsupported_media"},
	UpgradeRequired:  {426, "upgrade_required"},
	RateLimited:      {429, "rate_limited"},
	HeadersTooLarge:  {431, "headers_too_large"},
	ClientClosed:     {499, "client_closed"},
	Internal:         {500, "internal"},
	NotImplemented:   {501, "not_implemented"},
	BadGateway:       {502, "bad_gateway"},
	Unavailable:      {503, "unavailable"},
	GatewayTimeout:   {504, "gateway_timeout"},
	Overloaded:       {529, "overloaded"},
}

// Status returns the HTTP status of the code where the dialect has no other
// wish; 500 for a value that is no code.
func (c Code) Status() int {
	if int(c) < len(codeTable) && codeTable[c].status != 0 {
		return codeTable[c].status
	}
	return codeTable[Internal].status
}

// String returns the code's name in logs and metrics, in snake case.
func (c Code) String() string {
	if int(c) < len(codeTable) && codeTable[c].name != "" {
		return codeTable[c].name
	}
	return codeTable[Internal].name
}

// CodeOf returns the code that is nearest to an HTTP status of 400 and above.
// A 404 becomes NotFound: whether it was the model that is missing, only the
// body tells.
func CodeOf(status int) Code {
	switch status {
	case 401:
		return Authentication
	case 402, 403:
		return Permission
	case 404:
		return NotFound
	case 405:
		return MethodNotAllowed
	case 408:
		return RequestTimeout
	case 413:
		return TooLarge
	case 415:
		return UnsupportedMedia
	case 426:
		return UpgradeRequired
	case 429:
		return RateLimited
	case 431:
		return HeadersTooLarge
	case 499:
		return ClientClosed
	case 501:
		return NotImplemented
	case 502:
		return BadGateway
	case 503:
		return Unavailable
	case 504:
		return GatewayTimeout
	case 529:
		return Overloaded
	}
	if status >= 400 && status < 500 {
		return InvalidRequest
	}
	return Internal
}
