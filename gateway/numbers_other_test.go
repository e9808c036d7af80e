//go:build !linux

package gateway_test

import "golang.org/x/sys/unix"

// usageOf is whose CPU time a measurement in this process counts.
const usageOf = unix.RUSAGE_SELF
