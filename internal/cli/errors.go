package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/kit/visible"
)

const maxErrorText = 2000 // bytes of an error shown: a foreign string inside must not fill the screen

// finish flushes the answer, reports an error in two lines and returns the exit code.
func (s *state) finish(ctx context.Context, err error) int {
	if ferr := s.out.Flush(); ferr != nil && err == nil {
		err = fault.Wrap(ferr, fault.WriteFailed, "write to standard output")
	}
	if err == nil {
		return 0
	}
	if !s.running && fault.CodeOf(err) == fault.Internal {
		err = fault.Wrap(err, fault.Usage, "command line")
	}
	// What was found before the interrupt came stands: only plain failures are its consequence.
	if ctx.Err() != nil && fault.ExitOf(err) == fault.ExitFailed {
		err = fault.New(fault.Interrupted, "interrupted")
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	if what, is := strings.CutSuffix(text, ": "+context.Canceled.Error()); is { // words of Go, not of whoever pressed Ctrl-C
		text = "interrupted: " + what
	}
	s.say("error", fmt.Sprintf("%s [%s]", clip(text), fault.CodeOf(err)))
	s.say("hint", clip(fault.HintOf(err)))
	return fault.ExitOf(err)
}

func (s *state) say(kind, text string) {
	_, _ = fmt.Fprintf(s.err, "cordon: %s: %s\n", kind, visible.Text(text))
}

func clip(s string) string {
	if len(s) <= maxErrorText {
		return s
	}
	return fmt.Sprintf("%s... (%d more bytes)", strings.ToValidUTF8(s[:maxErrorText], ""), len(s)-maxErrorText)
}
