package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/network"
)

// captures lists what to read. "-" is stdin, which can be read once.
func captures(ctx context.Context, names []string, stdin io.Reader) ([]network.Source, error) {
	var out []network.Source
	piped := false
	for _, name := range names {
		if name != "-" {
			out = append(out, network.Source{Name: name, Open: opener(ctx, name), Once: !regular(name)})
			continue
		}
		if piped {
			return nil, fault.New(fault.Usage, "standard input is given twice").Hint("give - once")
		}
		piped = true
		out = append(out, network.Source{
			Name: "standard input", Once: true,
			Open: func() (io.ReadCloser, error) { return interruptible(ctx, io.NopCloser(stdin)), nil },
		})
	}
	return out, nil
}

// regular reports whether a file can be opened again. A pipe that has a name cannot.
func regular(name string) bool {
	i, err := os.Stat(name)
	return err != nil || i.Mode().IsRegular() // what is not there is found out when it is opened
}

func opener(ctx context.Context, name string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fault.Wrap(err, fault.NotFound, "the capture cannot be read").
				Hint("check the spelling of the file and of its folder")
		case err != nil:
			return nil, fault.Wrap(err, fault.ReadFailed, "the capture cannot be read")
		}
		i, err := f.Stat()
		switch {
		case err != nil:
			_ = f.Close() // only read
			return nil, fault.Wrap(err, fault.ReadFailed, "the capture cannot be read")
		case i.IsDir():
			_ = f.Close() // only read
			return nil, fault.New(fault.BadCapture, "%q is a folder, not a capture", name).Hint("name the capture files that are in it")
		case !i.Mode().IsRegular():
			return interruptible(ctx, f), nil
		}
		return f, nil
	}
}
