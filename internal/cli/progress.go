package cli

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/cordon-trust/cordon/internal/kit/visible"
)

// progress shows what is going on in one line that the returned function wipes away. Where stderr is no
// terminal, or with --quiet, there is no such line.
func (s *state) progress(text string) (wipe func()) {
	tty, ok := s.err.(*os.File)
	if s.quiet || !ok || !term.IsTerminal(int(tty.Fd())) {
		return func() {}
	}
	line := visible.Text("   ...    " + text)
	_, _ = fmt.Fprint(tty, "\r"+line)
	return func() { _, _ = fmt.Fprint(tty, "\r"+strings.Repeat(" ", len(line))+"\r") }
}
