package inventory

import (
	"fmt"
	"net/netip"
	"strings"
)

// ParseMAC reads a MAC of 48 bits, written with colons, hyphens, dots or nothing between the digits, and
// returns its one spelling: lower-case pairs joined by colons. Addresses of groups and of nobody are
// refused: no device has one.
func ParseMAC(s string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		if r == ':' || r == '-' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(s))
	if len(digits) != 12 || strings.Trim(digits, "0123456789abcdef") != "" || !evenly(s) {
		return "", fmt.Errorf("mac %q is not 12 hex digits such as 00:1a:2b:3c:4d:5e", clip(s))
	}
	if digits == "000000000000" || strings.IndexByte("13579bdf", digits[1]) >= 0 {
		return "", fmt.Errorf("mac %q is not the address of one device", s)
	}
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String(), nil
}

// evenly reports whether the digits are written in one of the usual ways.
func evenly(s string) bool {
	switch len(s) {
	case 12: // 001a2b3c4d5e
		return !strings.ContainsAny(s, ":-.")
	case 14: // 001a.2b3c.4d5e
		return separated(s, 5)
	case 17: // 00:1a:2b:3c:4d:5e
		return separated(s, 3)
	}
	return false
}

func separated(s string, every int) bool {
	for i := range len(s) {
		if isSep := strings.IndexByte(":-.", s[i]) >= 0; isSep != (i%every == every-1) || isSep && s[i] != s[every-1] {
			return false
		}
	}
	return true
}

// parseIP reads the address of one device.
func parseIP(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("ip %q is not an IPv4 or IPv6 address", clip(s))
	}
	a = a.Unmap()
	switch {
	case a.Zone() != "":
		return netip.Addr{}, fmt.Errorf("ip %q has a zone, which means nothing elsewhere", clip(s))
	case a.IsUnspecified(), a.IsMulticast(), a.IsLoopback(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return netip.Addr{}, fmt.Errorf("ip %q is not the address of one device", s)
	}
	return a, nil
}

// several divides a cell that may hold more than one address.
func several(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool {
		return r == ' ' || r == ';' || r == ',' || r == '\n' || r == '\r' || r == '\t'
	})
}
