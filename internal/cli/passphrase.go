package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/kit/visible"
)

const maxPassphrase = 4 << 10 // bytes of a passphrase file

// passphrase gives the passphrase of the roles: from the file that --passphrase-file or
// CORDON_PASSPHRASE_FILE names, else from the person at the terminal. Nothing else is asked, so a
// script without either fails at once.
func (s *state) passphrase(_ context.Context, purpose string) (string, error) {
	for _, path := range []string{s.passFlag, s.env(envPassphrase)} {
		if path != "" {
			return readPassphrase(path)
		}
	}
	tty, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(tty.Fd())) {
		return "", fault.New(fault.NoPassphrase, "no passphrase was given for %s", purpose)
	}
	first, err := s.prompt(tty, "Passphrase for "+purpose+": ")
	if err != nil || !s.twice {
		return first, err
	}
	again, err := s.prompt(tty, "The same passphrase again: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", fault.New(fault.NoPassphrase, "the two passphrases differ")
	}
	return first, nil
}

func (s *state) prompt(tty *os.File, text string) (string, error) {
	_, _ = fmt.Fprint(s.err, visible.Text(text))
	b, err := term.ReadPassword(int(tty.Fd()))
	_, _ = fmt.Fprintln(s.err)
	if err != nil {
		return "", fault.Wrap(err, fault.NoPassphrase, "the passphrase could not be read from the terminal")
	}
	return string(b), nil
}

// readPassphrase reads the first line of a file that nobody else can read.
func readPassphrase(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fault.Wrap(err, fault.NoPassphrase, "the passphrase file cannot be used")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fault.New(fault.OpenPassphrase, "the passphrase file %q can be read by others", path).
			Hint("run: chmod 600 %s", path)
	}
	b, err := disk.ReadFile(path, maxPassphrase)
	if err != nil {
		return "", fault.Wrap(err, fault.NoPassphrase, "the passphrase file cannot be used")
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r"))), nil
}
