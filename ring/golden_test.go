package ring

// What version 1 gives for gw-1 ... gw-3 and gw-1 ... gw-10: fingerprint, xxhash
// of the owner table (two bytes a partition, little endian), and some keys as
// "key partition owner stand-by" of the three.
const (
	goldenPrint3  = 0x52637eb869bceb92
	goldenTable3  = 0xcf80d6951b7619f0
	goldenPrint10 = 0xbaf01526f0a527a2
	goldenTable10 = 0x426c21b1bad8ebd2
)

var goldenKeys = []string{
	`"search-team" 2978 gw-2 gw-1`,
	`"agents" 2812 gw-2 gw-3`,
	`"" 14560 gw-3 gw-2`,
}
