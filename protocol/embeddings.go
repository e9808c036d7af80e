package protocol

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
)

// Embeddings is a request for the vectors of some texts, in the form that
// OpenAI and Gemini have in common.
type Embeddings struct {
	Inputs     []Text
	Dimensions int64  // 0: the model's own
	Base64     bool   // an OpenAI client wants its vectors as base64
	Single     bool   // a Gemini client asked for one, not for a batch
	User       Text   // the end user
	Task       string // Gemini's taskType
	Title      Text   // Gemini's title of a document
}

// Embedded is the answer: a vector for each input, in their order.
type Embedded struct {
	Vectors []Raw // JSON arrays of numbers
	Tokens  int64 // read; 0 where the provider does not tell
}

// AppendVectorBase64 appends a vector as a JSON string: base64 of its numbers
// as float32 in little-endian order. It returns false for what is no array of
// numbers.
func AppendVectorBase64(dst []byte, vector Raw) ([]byte, bool) {
	raw := make([]byte, 0, len(vector)/2)
	ok := true
	err := ScanArray(vector, func(m Member) {
		f, err := strconv.ParseFloat(string(m.Of(vector)), 32)
		ok = ok && err == nil
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(f)))
	})
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, raw)
	return append(dst, '"'), ok && err == nil
}

// VectorOf reads a vector as OpenAI's API gives it, an array of numbers or the
// base64 that [AppendVectorBase64] writes. It returns false for anything else.
func VectorOf(value Raw) (Raw, bool) {
	if len(value) > 0 && value[0] == '[' {
		ok := true
		err := ScanArray(value, func(m Member) {
			b := m.Of(value)[0]
			ok = ok && (b == '-' || b-'0' <= 9)
		})
		if !ok || err != nil {
			return nil, false
		}
		return value, true
	}
	raw, err := base64.StdEncoding.DecodeString(Text(value).String())
	if err != nil || len(raw) == 0 || len(raw)%4 != 0 {
		return nil, false
	}
	out := make(Raw, 0, len(raw)*3)
	for i := 0; i < len(raw); i += 4 {
		f := float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[i:])))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, false
		}
		out = append(out, "[,"[min(i, 1)])
		out = strconv.AppendFloat(out, f, 'g', -1, 32)
	}
	return append(out, ']'), true
}
