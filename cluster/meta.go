package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A node's announcement is carried as memberlist's NodeMeta, which panics above
// 512 bytes. The encoding, all integers big endian:
//
//	1 byte   format, 1
//	1 byte   status: 0 starting, 1 active, 2 draining
//	2 bytes  ring version
//	8 bytes  boot time, Unix nanoseconds
//	5 times  1 byte length, then that many bytes: name, peer address, API
//	         address, version, configuration digest
//
// What follows is ignored: a later program of the same format may add to it.
const (
	announcementFormat = 1
	announcementLimit  = 512
	announcementHeader = 12
)

// announcement is what a process tells all others about itself.
type announcement struct {
	name   string
	status Status
	boot   time.Time
	meta   Meta
}

// statuses maps the wire value to the status.
var statuses = [...]Status{StatusStarting, StatusActive, StatusDraining}

func (a announcement) fields() [5]string {
	return [5]string{a.name, a.meta.PeerAddress, a.meta.APIAddress, a.meta.Version, a.meta.ConfigDigest}
}

// validate reports what cannot be encoded, in words for who configured it.
func (a announcement) validate() error {
	if a.name == "" {
		return errors.New("the node name is empty")
	}
	what := [5]string{"node name", "peer address", "API address", "version", "configuration digest"}
	size := announcementHeader
	for i, s := range a.fields() {
		if !printable(s) {
			return fmt.Errorf("the %s %q holds characters that do not print", what[i], s)
		}
		if len(s) > 255 {
			return fmt.Errorf("the %s is %d bytes long, at most 255 are possible", what[i], len(s))
		}
		size += 1 + len(s)
	}
	if size > announcementLimit {
		return fmt.Errorf("name, addresses, version and digest of the node take %d bytes, at most %d fit: shorten them (the name has %d, the peer address %d, the API address %d)",
			size, announcementLimit, len(a.name), len(a.meta.PeerAddress), len(a.meta.APIAddress))
	}
	if a.meta.RingVersion < 0 || a.meta.RingVersion > 65535 {
		return fmt.Errorf("the ring version %d is not between 0 and 65535", a.meta.RingVersion)
	}
	return nil
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// encode encodes an announcement that validate accepted.
func (a announcement) encode() []byte {
	b := make([]byte, 0, 128)
	status := byte(0)
	for i, s := range statuses {
		if s == a.status {
			status = byte(i)
		}
	}
	b = append(b, announcementFormat, status)
	b = binary.BigEndian.AppendUint16(b, uint16(a.meta.RingVersion))
	b = binary.BigEndian.AppendUint64(b, uint64(a.boot.UnixNano()))
	for _, s := range a.fields() {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	return b
}

var errAnnouncement = errors.New("cluster: a node's announcement cannot be read")

// decodeAnnouncement reads what another process announced. It keeps no part of b.
func decodeAnnouncement(b []byte) (announcement, error) {
	if len(b) < announcementHeader || b[0] != announcementFormat || int(b[1]) >= len(statuses) {
		return announcement{}, errAnnouncement
	}
	a := announcement{
		status: statuses[b[1]],
		boot:   time.Unix(0, int64(binary.BigEndian.Uint64(b[4:]))),
		meta:   Meta{RingVersion: int(binary.BigEndian.Uint16(b[2:]))},
	}
	b = b[announcementHeader:]
	for _, field := range []*string{&a.name, &a.meta.PeerAddress, &a.meta.APIAddress, &a.meta.Version, &a.meta.ConfigDigest} {
		if len(b) < 1 || len(b) < 1+int(b[0]) {
			return announcement{}, errAnnouncement
		}
		*field = string(b[1 : 1+int(b[0])])
		b = b[1+int(b[0]):]
	}
	// Names end in logs, on terminals and in rings.
	if a.name == "" {
		return announcement{}, errAnnouncement
	}
	for _, s := range a.fields() {
		if !printable(s) {
			return announcement{}, errAnnouncement
		}
	}
	return a, nil
}
