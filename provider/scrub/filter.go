package scrub

import "encoding/binary"

// A filter knows most of the parts that a text does not have, without a search. It has a power of two of words.
type filter []uint64

func newFilter(text []byte) filter {
	const bits = 16 // for each part
	size := 1
	for size*64 < len(text)*bits {
		size *= 2
	}
	f := make(filter, size)
	for i := 0; i+part <= len(text); i++ {
		word, bit := f.place(text[i:])
		f[word] |= bit
	}
	return f
}

// mayHave reports whether the text may have the part that data begins with.
func (f filter) mayHave(data []byte) bool {
	word, bit := f.place(data)
	return f[word]&bit != 0
}

// place returns the bit for the part that data begins with.
func (f filter) place(data []byte) (word int, bit uint64) {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	hash := binary.LittleEndian.Uint64(data)*odd ^ uint64(binary.LittleEndian.Uint32(data[8:part]))*odd
	hash ^= hash >> 29
	hash *= odd
	return int(hash>>40) & (len(f) - 1), 1 << (hash >> 34 & 63)
}
