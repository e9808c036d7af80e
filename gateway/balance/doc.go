// Package balance decides which instance of a provider a key's request goes to,
// and keeps the live sessions of the keys that this node owns.
//
// The instance of a key is computed: weighted rendezvous hashing over the
// usable instances of the best priority. Every node computes the same, so an
// owner that dies or joins moves no session. Stored are only exceptions: a key
// that a failure moved stays where its new prompt cache is warm, also when the
// old instance recovers, until its session expires.
package balance
