// Package limit counts what API keys use, and says whether a key may use more:
// requests and tokens in any 60 seconds, requests at the same time, money a day.
//
// # Exactness
//
// A minute is a sliding window of one-second cells, not a bucket that refills:
// in no 60 seconds are more requests admitted than the limit says. A cell is
// forgotten when its last moment is 60 seconds old, so a request weighs at most
// one second longer than it must.
//
// # Rows
//
// What a key uses is kept in rows, one for each process that ever served the
// key, and its use is their sum. Only its own process writes a row, and numbers
// each change; everybody else holds copies, of which the newest wins. So rows
// may be sent at any time, twice, late, by way of others, in any order: nothing
// is counted double and nothing that arrived is lost. That is all of the
// hand-over: whoever is to own a key is sent its rows.
//
// Times travel as ages and as time left, never as a clock's reading. What a
// message waits on its way makes what it tells look younger: the restrictive
// side. A day of money ends at the midnight of the node that spent it, whoever
// counts for the key then.
package limit
