package evidence

import (
	"crypto/ed25519"
	"encoding/hex"
)

// smallOrderY lists the y coordinates of the eight points of small order on edwards25519, little-endian,
// with the two that also have a spelling above the prime. The sign of x is left out.
const smallOrderY = "0000000000000000000000000000000000000000000000000000000000000000" +
	"0100000000000000000000000000000000000000000000000000000000000000" +
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05" +
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a" +
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" +
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f" +
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"

// smallOrder reports whether an Ed25519 public key is such a point. RFC 8032 lets a verifier take it.
func smallOrder(k ed25519.PublicKey) bool {
	var y [ed25519.PublicKeySize]byte
	copy(y[:], k)
	y[31] &= 0x7f
	spelled := hex.EncodeToString(y[:])
	for i := 0; i < len(smallOrderY); i += len(spelled) {
		if smallOrderY[i:i+len(spelled)] == spelled {
			return true
		}
	}
	return false
}
