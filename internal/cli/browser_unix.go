//go:build unix

package cli

import "syscall"

// ownSession keeps the terminal's Ctrl-C from what is started.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
