package cli

import (
	"os/exec"
	"runtime"
)

// openBrowser asks the desktop to open an address, when there is a desktop; that it could not is no news,
// since the address is printed too. What it starts is the person's and outlives this program.
func openBrowser(env func(string) string, link string) {
	program := "xdg-open"
	switch {
	case runtime.GOOS == "darwin":
		program = "open"
	case env("DISPLAY") == "" && env("WAYLAND_DISPLAY") == "":
		return // xdg-open would take over the terminal with a browser of text
	}
	cmd := exec.Command(program, link) //nolint:gosec // G204: the address is the console's own
	cmd.SysProcAttr = ownSession()
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }() // else it stays in the table of processes
	}
}
