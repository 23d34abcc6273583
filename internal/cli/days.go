package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

const aDay = 24 * time.Hour

// daysFlag is a time span on the command line: whole days such as 90d, or what time.ParseDuration reads.
type daysFlag struct{ d *time.Duration }

var _ pflag.Value = daysFlag{}

func (f daysFlag) Type() string { return "duration" }

func (f daysFlag) String() string {
	switch {
	case f.d == nil:
		return ""
	case *f.d >= aDay && *f.d%aDay == 0:
		return strconv.FormatInt(int64(*f.d/aDay), 10) + "d"
	}
	return f.d.String()
}

// Set refuses what is not a span, or too long for one.
func (f daysFlag) Set(text string) error {
	if n, ok := strings.CutSuffix(text, "d"); ok {
		days, err := strconv.ParseUint(n, 10, 32)
		if err != nil || days > uint64(1<<63-1)/uint64(aDay) {
			return fmt.Errorf("%q is no number of days such as 90d", text)
		}
		*f.d = time.Duration(days) * aDay
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is neither days such as 90d nor hours such as 12h", text)
	}
	*f.d = d
	return nil
}
