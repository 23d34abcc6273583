package fault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func TestErrorCarriesCodeTextHintAndCause(t *testing.T) {
	t.Parallel()
	inner := fault.New(fault.NotFound, "no file %q", "x").Hint("look in %s", "y")
	outer := fault.Wrap(fmt.Errorf("open: %w", inner), fault.ReadFailed, "read capture %q", "z.pcap")
	if got, want := outer.Error(), `read capture "z.pcap": open: no file "x"`; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if !errors.Is(outer, fault.ReadFailed) || !errors.Is(outer, fault.NotFound) || errors.Is(outer, fault.Locked) {
		t.Error("errors.Is must find the codes of the whole chain and no other")
	}
	if fault.CodeOf(outer) != fault.ReadFailed {
		t.Errorf("code %s, want the outermost", fault.CodeOf(outer))
	}
	if got := fault.HintOf(outer); got != "look in y" {
		t.Errorf("hint %q, want the first that somebody gave", got)
	}
	var e *fault.Error
	if !errors.As(fmt.Errorf("sync: %w", outer), &e) || e.Code() != fault.ReadFailed {
		t.Error("errors.As must find the fault below a plain error")
	}
}

func TestHintReturnsACopy(t *testing.T) {
	t.Parallel()
	a := fault.New(fault.Usage, "a")
	_ = a.Hint("b")
	if got := fault.HintOf(a); got != fault.Table[fault.Usage].Hint {
		t.Errorf("hint %q: giving a hint changed the original", got)
	}
}

func TestPlainErrors(t *testing.T) {
	t.Parallel()
	if got := fault.ExitOf(nil); got != 0 {
		t.Errorf("nil exits %d", got)
	}
	plain := fmt.Errorf("read: %w", fs.ErrPermission)
	if fault.CodeOf(plain) != fault.Internal || fault.ExitOf(plain) != 1 {
		t.Errorf("a plain error is %s and exits %d", fault.CodeOf(plain), fault.ExitOf(plain))
	}
	if !strings.Contains(fault.HintOf(plain), "defect") {
		t.Errorf("hint %q", fault.HintOf(plain))
	}
	if err := fault.Wrap(nil, fault.ReadFailed, "x"); err != nil {
		t.Errorf("wrapping nil gives %v", err)
	}
	if got := fault.ExitOf(fault.New("CRD-XXX-999", "x")); got != 1 {
		t.Errorf("an undescribed code exits %d", got)
	}
}
