// Package health is the table of what this node and its peers know of the
// instances' health. It is pure: no sockets, no goroutines, no wire but a
// compact encoding that merges.
//
// What one node sees may be its own network's fault. So there are two kinds of
// knowledge. What an instance said itself (a 5xx, a 429, a refusal of
// credentials, an answer that broke off) is truth for every node at once. That
// it could not be reached (connect error, timeout) is a report: it takes the
// instance down for the node that saw it, and for the others once a second
// node reports the same. A success is truth, and voids the reports before it.
//
// One record an instance says up or down and, while down, for how long; one
// each model that rests there after a rate limit; one each node that reports
// it out of reach. Records carry a Lamport version: the higher one wins, of
// equals the one that is down, then the origin's name decides. So merging
// commutes, repeats harmlessly and needs no clock that agrees with another:
// what travels is how much time is left.
//
// When a pause is over, one request of the whole cluster finds out. The nodes
// try in an order computed from the instance and the members, each a step
// later than the one before; who tries says so by gossip.
package health

import "time"

// Cause is what kind of failure took an instance down.
type Cause string

const (
	CauseConnect     Cause = "connect"
	CauseTimeout     Cause = "timeout"
	CauseStatus      Cause = "status"
	CauseReset       Cause = "reset"
	CauseCredentials Cause = "credentials"
	CauseOverloaded  Cause = "overloaded"
	CauseProbe       Cause = "probe"
)

// Target is a configured instance.
type Target struct {
	ID            string // provider, instance and a digest of what identifies it
	Provider      string
	Instance      string
	RecoveryAfter time.Duration // the first pause after a failure
}

// Flip is a change of an instance's health as this node sees it.
type Flip struct {
	ID, Provider, Instance string
	To                     string // "healthy" or "unhealthy"
	Here                   bool   // it is so for this node alone
	Reason                 string
	Source                 string // "local" or "gossip"
	Origin                 string // the node that reported it
}

// Failure is a failed attempt at an instance.
type Failure struct {
	Cause  Cause
	Reason string        // one line; no secrets
	Wait   time.Duration // what the instance asked for; 0: nothing
	Trial  bool          // the attempt was claimed with BeginTrial
}

// Options make a Table. The callbacks run under the table's lock: they must
// not block nor call back.
type Options struct {
	Origin    string // this node's name
	Now       func() time.Time
	Broadcast func(name string, delta []byte) // a piece of news to gossip; it replaces an unsent one of that name
	OnFlip    func(Flip)
	OnReport  func(id, origin string) // another node cannot reach an instance, and nobody else has said so
}

// Verdict tells whether an instance may be called.
type Verdict uint8

const (
	Down    Verdict = 0
	Trial   Verdict = 1 // its pause is over: one request may try
	Up      Verdict = 2
	Overdue Verdict = 3 // as Trial, and nobody has tried for five pauses: a session held elsewhere may
)

const (
	maxPause        = 10 * time.Minute
	credentialPause = time.Hour
	overdueAfter    = 5                      // pauses
	trialLease      = 2 * time.Minute        // a trial that never reports is given up
	leastStep       = 500 * time.Millisecond // between two nodes' turns at a trial: gossip is faster
	mostStep        = 5 * time.Second
	mostTurns       = 8                // nodes behind that try together
	doubtFor        = 10 * time.Minute // reports of a node that was proved wrong are no evidence
	keepAfter       = time.Minute      // a record outlives its effect by this, against late messages
	maxRecords      = 4096
	maxReason       = 100
	maxID           = 256
	maxModel        = 128
)

// Row is an instance as operators see it.
type Row struct {
	ID, Provider, Instance string
	State                  string // healthy, unhealthy, probing, disabled (its credentials were refused)
	Healthy                bool
	Here                   bool      // down for this node alone
	Since                  time.Time // of the state; zero: since this node started
	Reason, ReportedBy     string
	RetryAt                time.Time            // zero unless down
	Cooling                map[string]time.Time // models that rest, and until when; "" is the whole instance
}
