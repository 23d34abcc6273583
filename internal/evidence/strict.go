package evidence

import (
	"encoding/base64"
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
)

// Bounds on foreign JSON.
const (
	MaxEnvelope = 8 << 20 // bytes of one envelope
	MaxPayload  = 4 << 20 // bytes of one statement
	maxDepth    = 32      // nesting of arrays and objects
)

// decodeStrict parses exactly one JSON value into v. encoding/json/v2 refuses duplicate names, invalid
// UTF-8 and trailing values; depth and size are bounded here, before it starts.
func decodeStrict(b []byte, limit int, v any) error {
	if len(b) > limit {
		return fmt.Errorf("%d bytes are more than the %d allowed", len(b), limit)
	}
	if err := checkDepth(b); err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// checkDepth walks the brackets outside strings, so that a deep document costs nothing to refuse.
func checkDepth(b []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("nested deeper than %d", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	if depth != 0 || inString {
		return errors.New("JSON ends too early")
	}
	return nil
}

// decodeBase64 takes the one standard spelling of some bytes. The library's strict mode still skips line
// breaks, which would give one payload many spellings.
func decodeBase64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("base64 with a line break")
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}

// short keeps foreign text in an error readable: a hostile name may be megabytes long.
func short(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

// encode marshals v deterministically: members in the order of the struct, maps sorted.
func encode(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }
