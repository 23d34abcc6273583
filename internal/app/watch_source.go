package app

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/network"
)

// captures lists what to read. "-" is stdin, which can be read once.
func captures(names []string, stdin io.Reader) ([]network.Source, error) {
	var out []network.Source
	piped := false
	for _, name := range names {
		if name != "-" {
			out = append(out, network.Source{Name: name, Open: opener(name), Once: !regular(name)})
			continue
		}
		if piped {
			return nil, fault.New(fault.Usage, "standard input is given twice").Hint("give - once")
		}
		piped = true
		out = append(out, network.Source{
			Name: "standard input", Once: true,
			Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil },
		})
	}
	return out, nil
}

// regular reports whether a file can be opened again. A pipe that has a name cannot.
func regular(name string) bool {
	i, err := os.Stat(name)
	return err != nil || i.Mode().IsRegular() // what is not there is found out when it is opened
}

func opener(name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fault.Wrap(err, fault.NotFound, "the capture cannot be read")
		case err != nil:
			return nil, fault.Wrap(err, fault.ReadFailed, "the capture cannot be read")
		}
		return f, nil
	}
}
