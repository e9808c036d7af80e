// Package sse cuts server-sent event streams into frames and leaves the bytes
// of each frame as they are, so that a relay can look into a stream and pass
// it on unchanged.
//
// A frame is everything up to and including a blank line. Lines end in LF,
// CRLF or CR, mixed as a server likes (WHATWG HTML, 9.2.6). Concatenating the
// frames gives the stream, whatever the sizes of the reads were.
//
// [Splitter] works on bytes as they arrive, [Reader] on an io.Reader. [Event]
// and [Data] read what a frame says.
package sse

import "errors"

// MaxFrame is the limit of a frame's size unless another is set. Images and
// encrypted reasoning come as single frames of hundreds of KiB.
const MaxFrame = 8 << 20

// ErrFrameTooLarge reports a frame above the limit. The stream cannot be read
// further.
var ErrFrameTooLarge = errors.New("sse: frame exceeds the size limit")
