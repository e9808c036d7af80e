package sse

import (
	"bytes"
	"strings"
)

// AppendComment appends a frame that holds one comment, which every client
// ignores: ": text" and a blank line. Line ends in text become spaces.
func AppendComment(dst []byte, text string) []byte {
	dst = append(dst, ':')
	if text != "" {
		dst = append(dst, ' ')
		dst = appendLine(dst, text)
	}
	return append(dst, '\n', '\n')
}

// AppendEvent appends a frame with an event field, left out when event is
// empty, and a data field, one line for each line of data.
func AppendEvent(dst []byte, event string, data []byte) []byte {
	if event != "" {
		dst = append(dst, "event: "...)
		dst = appendLine(dst, event)
		dst = append(dst, '\n')
	}
	for {
		end := bytes.IndexAny(data, "\r\n")
		if end < 0 {
			break
		}
		dst = appendData(dst, data[:end])
		if data[end] == '\r' && end+1 < len(data) && data[end+1] == '\n' {
			end++
		}
		data = data[end+1:]
	}
	dst = appendData(dst, data)
	return append(dst, '\n')
}

func appendData(dst, line []byte) []byte {
	dst = append(dst, "data: "...)
	dst = append(dst, line...)
	return append(dst, '\n')
}

// appendLine appends text, which must stay on one line.
func appendLine(dst []byte, text string) []byte {
	if strings.ContainsAny(text, "\r\n") {
		text = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
	}
	return append(dst, text...)
}
