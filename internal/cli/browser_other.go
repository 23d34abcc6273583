//go:build !unix

package cli

import "syscall"

// ownSession has no meaning where there are no sessions of a terminal.
func ownSession() *syscall.SysProcAttr { return nil }
