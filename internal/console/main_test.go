package console_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No console leaves a goroutine behind: none that reads the home, and none of a database that nobody closed.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
