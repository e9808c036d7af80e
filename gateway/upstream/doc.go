// Package upstream calls an instance of a provider: one attempt, its outcome
// classified. It never retries and knows nothing of sessions or health; what an
// outcome means for others is the caller's business.
package upstream

import (
	"errors"
	"net/http"
	"time"
)

// Outcome is what an attempt says about the instance.
type Outcome uint8

const (
	OK          Outcome = iota // 2xx
	CallerFault                // 400-class: the request's own fault; it goes to the client
	Credentials                // 401, 403: the instance refuses the gateway's credentials
	Cooling                    // 429: this model rests there
	Exhausted                  // 402: the instance's account has nothing left to spend
	Failed                     // 5xx, 529, 3xx, 408: the instance's fault
	Unreachable                // no answer: connect, TLS, reset, timeout before the first byte
	Canceled                   // the caller's context ended
)

// Fault is an attempt that served nobody.
type Fault struct {
	Outcome    Outcome
	Cause      string        // connect timeout reset status overloaded credentials cooling exhausted canceled
	Reason     string        // one line for logs and the admin listener; no secrets
	Status     int           // 0: the instance did not answer
	Unanswered bool          // not even an answer's head came
	Scarce     bool          // this host had no file, port or memory left for a connection: it says nothing of the instance
	RetryAfter time.Duration // as the instance told; 0: it did not
	Response   *Buffered     // the instance's answer, where it gave one
}

// Buffered is an instance's answer, read whole (at most 256 KiB).
type Buffered struct {
	Header http.Header
	Body   []byte
}

// What Response.Body.Read returns besides io.EOF and the context's error.
var (
	ErrIdle    = errors.New("the instance was silent for too long")
	ErrTimeout = errors.New("the call took too long")
	ErrCut     = errors.New("the connection broke")
)
