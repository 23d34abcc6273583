package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "say which build this is",
		Example: `  cordon version --json`,
		RunE: func(*cobra.Command, []string) error {
			return s.print(readBuild())
		},
	}
}

// build is what the toolchain recorded in the binary.
type build struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Revision string `json:"revision,omitzero"` // of the source, when built inside its repository
	Time     string `json:"time,omitzero"`     // of that revision
	Modified bool   `json:"modified"`          // the source had changes that are not in the revision
	Modules  int    `json:"modules"`           // modules of others that are linked in
}

func readBuild() build {
	b := build{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	b.Modules = len(info.Deps)
	for _, set := range info.Settings {
		switch set.Key {
		case "vcs.revision":
			b.Revision = set.Value
		case "vcs.time":
			b.Time = set.Value
		case "vcs.modified":
			b.Modified = set.Value == "true"
		}
	}
	return b
}

func (build) kind() string { return "version" }

func (b build) lines() []string {
	revision := "unknown"
	if b.Revision != "" {
		revision = b.Revision
		if b.Modified {
			revision += " with changes"
		}
	}
	return []string{
		"cordon    " + b.Version,
		"revision  " + revision,
		fmt.Sprintf("built by  %s for %s", b.Go, b.Platform),
		fmt.Sprintf("modules   %d", b.Modules),
	}
}
