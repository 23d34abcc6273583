package ward

import (
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/lab"
)

// results returns a connection on which n results are handed over, each as an HL7 message in MLLP frames
// with its acknowledgement. The patient of all of them is made up.
func results(e *errand, n int) []lab.Line {
	var out []lab.Line
	for i := range n {
		stamp := e.at.Format("20060102150405")
		id := fmt.Sprintf("%s%03d", stamp, i)
		out = append(out,
			lab.Line{Data: mllp(
				`MSH|^~\&|`+e.who.Asset+`|WARD|ENGINE|HOSPITAL|`+stamp+`||ORU^R01^ORU_R01|`+id+`|T|2.5.1`,
				`PID|1||LAB-0000^^^LAB||LAB^PATIENT||19000101|O`,
				`OBR|1|||VITALS^Vital signs`,
				fmt.Sprintf(`OBX|1|NM|8867-4^Heart rate^LN||%d|/min|||||F`, 55+e.dice.IntN(40)),
				fmt.Sprintf(`OBX|2|NM|59408-5^SpO2^LN||%d|%%|||||F`, 92+e.dice.IntN(8)),
			)},
			lab.Line{Server: true, Data: mllp(
				`MSH|^~\&|ENGINE|HOSPITAL|`+e.who.Asset+`|WARD|`+stamp+`||ACK^R01^ACK|A`+id+`|T|2.5.1`,
				`MSA|AA|`+id,
			)})
	}
	return out
}

// mllp frames segments: a vertical tab, lines that end with CR, a file separator and CR.
func mllp(segments ...string) []byte {
	return []byte("\x0b" + strings.Join(segments, "\r") + "\r\x1c\r")
}
