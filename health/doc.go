// Package health is the table of what this node and its peers know of the
// instances' health. It is pure: no sockets, no goroutines, no wire but a
// compact encoding that merges.
//
// One record an instance says up or down and, while down, for how long; one
// more for each model that rests there after a rate limit. Records carry a
// Lamport version: the higher one wins, of equals the one that is down, then
// the longer, then the origin's name decides. So merging commutes, repeats
// harmlessly and needs no clock that agrees with another: what travels is how
// much time is left.
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
	Reason                 string
	Source                 string // "local" or "gossip"
	Origin                 string // the node that reported it
}

// Options make a Table. The callbacks run under the table's lock: they must
// not block nor call back.
type Options struct {
	Origin    string // this node's name
	Now       func() time.Time
	Broadcast func(name string, delta []byte) // a piece of news to gossip; it replaces an unsent one of that name
	OnFlip    func(Flip)
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
	overdueAfter    = 5               // pauses
	trialLease      = 2 * time.Minute // a trial that never reports is given up
	keepAfter       = time.Minute     // a record outlives its effect by this, against late messages
	maxRecords      = 4096
	maxReason       = 100
	maxID           = 256
	maxModel        = 128
)

// Row is an instance as operators see it.
type Row struct {
	ID, Provider, Instance string
	State                  string // healthy, unhealthy, probing
	Healthy                bool
	Since                  time.Time // of the state; zero: since this node started
	Reason, ReportedBy     string
	RetryAt                time.Time            // zero unless down
	Cooling                map[string]time.Time // models that rest, and until when; "" is the whole instance
}
