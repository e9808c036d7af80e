package gateway

import (
	"strconv"

	"github.com/llmgw/llmgw/cluster"
)

// originOf names this process among all that ever served a key, in the words
// that other nodes know of it.
func originOf(members []cluster.Member) string {
	for _, m := range members {
		if m.Self {
			return origin(m)
		}
	}
	return "" // a node that does not know itself knows nobody else either
}

func origin(m cluster.Member) string {
	return m.Name + "~" + strconv.FormatInt(m.Started.UnixMilli(), 36)
}
