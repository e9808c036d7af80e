// Package hop carries requests between nodes: one exchange at a time on a
// connection that is kept alive, over mutual TLS 1.3, in frames of our own. An
// HTTP stack at both ends would cost more than the rest of the gateway.
//
// # The exchange
//
//	edge -> owner   request head: who, what, how long the body is
//	owner -> edge   accept, or refuse with a reason
//	edge -> owner   body: the commit; only now may the owner run the request
//	owner -> edge   response head, data as it comes, end or abort
//
// Until the edge commits, nothing has been run, and the request may be tried
// elsewhere (ErrNotAccepted). A frozen owner does not accept: the edge gives up
// after ClientOptions.AcceptTimeout and closes the connection; when the owner
// wakes up there is no commit, and it runs nothing. What fails after the commit
// is ErrBroken. A response ends with its end frame only: a connection that ends
// without is an error, so no truncated answer looks whole.
//
// An edge that is not interested any more closes the connection, which cancels
// the context of the owner's handler. An owner that cannot go on says so with
// an abort frame.
//
// # The wire
//
// A frame is one byte of kind, four of length, big-endian, and so many bytes:
//
//	'Q' request head   version (1), kind, then key, conversation, request id,
//	                   client ip, method, target, fields, body length
//	'A' accept         empty
//	'R' refuse         reason, at most 1 KiB
//	'B' body           exactly the length that the head announced; one frame
//	'H' response head  version (1), status, 1 for a stream or 0, body length
//	                   (0 for a stream), fields
//	'D' data           1 byte to 64 KiB
//	'E' end            empty
//	'X' abort          reason, at most 1 KiB; also in the place of a response
//
// Heads are at most 64 KiB with at most 1024 fields. Numbers in them are
// unsigned varints (encoding/binary), a text is its length and its bytes, fields
// are their number and then name, value, name, value. A peer that says anything
// else is cut off.
//
// One Read of a handler's Body is one data frame and one write to the network,
// and the edge reads it as it was; a response that is whole is one write as far
// as it fits.
package hop
