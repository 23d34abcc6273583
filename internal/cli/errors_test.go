package cli

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Whoever presses Ctrl-C is told that it was that, and no words of Go.
func TestInterruptedInWords(t *testing.T) {
	t.Parallel()
	code, said := runWith(t.Context(), io.Discard, func(*state, *cobra.Command) error {
		return fault.Wrap(context.Canceled, fault.Interrupted, "reading stopped after %d packets", 7)
	})
	const want = "cordon: error: interrupted: reading stopped after 7 packets [CRD-GEN-007]\n"
	if code != fault.ExitInterrupted || !strings.HasPrefix(said, want) {
		t.Errorf("exit code %d, said %q", code, said)
	}
}
