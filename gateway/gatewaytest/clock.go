package gatewaytest

import (
	"time"
	"unsafe"
)

// Off is a reading of a clock whose time of day is wrong by so much, in whole
// seconds, and whose monotonic part is right, as on a host with a wrong date.
// Package time has no way to make one; it keeps the seconds of the day above 30
// bits of nanoseconds.
func Off(t time.Time, by time.Duration) time.Time {
	*(*uint64)(unsafe.Pointer(&t)) += uint64(by/time.Second) << 30
	return t
}
