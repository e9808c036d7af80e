// Command chaos breaks a fleet of real llmgw processes under load and counts
// what clients and providers notice: requests lost or done twice, limits
// exceeded, sessions that changed their instance. `make chaos` runs it.
//
// Each node lives in a network namespace, so that links can be cut, made lossy
// or slow; without the rights for that all nodes share loopback, and the
// failures of the network are skipped with a word. The clients and the stand-in
// providers are in this process: it knows every request from both ends.
//
// A clock that is off has no row: a static Go program knows no clock but the
// machine's. TestAClockOffByADay in gateway moves those of nodes in one process.
//
// Broken promises of correctness end it with status 1. Times only tell: they
// are those of the machine.
package main
