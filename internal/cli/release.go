package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
)

func newReleaseCommand(s *state) *cobra.Command {
	return group("release", "what a maker signed, and what this house says of it",
		"  cordon release verify pump-2.1.0.bin",
		newReleaseAddCommand(s), newReleasePublishCommand(s), newReleaseWithdrawCommand(s),
		newReleaseSyncCommand(s), newReleaseVerifyCommand(s), newReleaseVouchCommand(s), newReleaseListCommand(s))
}

func newReleaseAddCommand(s *state) *cobra.Command {
	var product, delta string
	var d app.Draft
	cmd := &cobra.Command{
		Use:   "add FILE...",
		Short: "sign a release set: these files are this version of this product",
		Example: `  cordon release add --product acme/pump-7 --version 2.1.0 pump-2.1.0.bin
  cordon release add --product acme/pump-7 --version 12 --kind library drugs.xml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := parseProduct(product)
			if err != nil {
				return err
			}
			d.Product, d.Files, d.Delta = p, args, delta
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.AddRelease(cmd.Context(), d)
				if err != nil {
					return err
				}
				return s.print(said{done})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&product, "product", "", "the product it is for, `MAKER/MODEL`")
	f.StringVar(&d.Version, "version", "", "the version, `V`")
	f.StringVar(&d.Kind, "kind", "firmware", "`KIND`: firmware, configuration, library, model or endorsement")
	f.Int64Var(&d.Counter, "counter", 0, "release counter `N`; the next free one by default")
	f.StringSliceVar(&d.Hosts, "host", nil, "`HOST` that serves it; may be repeated")
	f.StringSliceVar(&d.HardwareIDs, "hardware", nil, "hardware `ID` it fits; may be repeated")
	f.StringVar(&d.MinVersion, "min-version", "", "lowest version `V` it may replace")
	f.StringSliceVar(&d.StepsBack, "step-back", nil, "older version `V` that may follow it; may be repeated")
	f.StringVar(&delta, "delta", "", "a delta to the file, as `FROM=FILE`: from that version")
	f.BoolVar(&d.PerDevice, "per-device", false, "it is delivered encrypted for each device")
	_ = cmd.MarkFlagRequired("product")
	_ = cmd.MarkFlagRequired("version")
	return s.writes(cmd)
}

func newReleasePublishCommand(s *state) *cobra.Command {
	var repo string
	cmd := &cobra.Command{
		Use:     "publish",
		Short:   "log what was signed and write the repository that hospitals sync from",
		Example: `  cordon release publish --repo /srv/www/releases`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.Publish(cmd.Context(), repo)
				if err != nil {
					return err
				}
				return s.print(published{done})
			})
		},
	}
	cmd.Flags().StringVar(&repo, "repo", "", "folder `DIR`, which any static web server can serve")
	_ = cmd.MarkFlagRequired("repo")
	return s.writes(cmd)
}

func newReleaseWithdrawCommand(s *state) *cobra.Command {
	var product, version, reason string
	cmd := &cobra.Command{
		Use:     "withdraw",
		Short:   "say that a release must not be installed; a hospital holds it in its own house",
		Example: `  cordon release withdraw --product acme/pump-7 --version 2.0.0 --reason "battery drains"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := parseProduct(product)
			if err != nil {
				return err
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.Withdraw(cmd.Context(), p, version, reason)
				if err != nil {
					return err
				}
				return s.print(said{done})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&product, "product", "", "the product, `MAKER/MODEL`")
	f.StringVar(&version, "version", "", "the version, `V`")
	f.StringVar(&reason, "reason", "", "why, in one sentence `TEXT`")
	for _, name := range []string{"product", "version", "reason"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return s.writes(cmd)
}

func newReleaseSyncCommand(s *state) *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "fetch every entry of a maker's publication log and check that it only grew",
		Example: `  cordon release sync --from https://updates.acme.example/releases
  cordon release sync --from /media/usb/releases`,
		Long: `The maker is one whose root was taken with trust add. A repository that hides an entry, shows an older state or two
histories is refused and nothing of it is taken. What was seen on the wire is then judged anew.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.Sync(cmd.Context(), from)
				if err != nil {
					return err
				}
				return s.print(synced{done})
			})
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the repository, `DIR|URL`")
	_ = cmd.MarkFlagRequired("from")
	return s.writes(cmd)
}

func newReleaseVerifyCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "verify FILE",
		Short:   "say which release a file is, offline, or why it is none",
		Example: `  cordon release verify pump-2.1.0.bin`,
		Long: `Reads nothing but the file and the home. Exit 0 only when the file is verified (its maker signed and logged these
bytes) or vouched (this hospital stated that it received them); else 11, and the lines below the verdict say why.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.reading(cmd.Context(), func(a *app.App) error {
				v, err := a.VerifyFile(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := s.print(fileVerdict{v}); err != nil {
					return err
				}
				return v.Err()
			})
		},
	}
}

func newReleaseVouchCommand(s *state) *cobra.Command {
	var product string
	var v app.VouchDraft
	cmd := &cobra.Command{
		Use:     "vouch FILE",
		Short:   "state what this hospital received and from where, while the maker signs nothing",
		Long:    `That is your own word and no maker's: a file with these bytes is then vouched, never verified.`,
		Example: `  cordon release vouch pump.bin --product acme/pump-7 --version 2.1.0 --source "DVD from the representative"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := parseProduct(product)
			if err != nil {
				return err
			}
			v.Product, v.File = p, args[0]
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.Vouch(cmd.Context(), v)
				if err != nil {
					return err
				}
				return s.print(said{done})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&product, "product", "", "the product, `MAKER/MODEL`")
	f.StringVar(&v.Version, "version", "", "the version, `V`")
	f.StringVar(&v.Source, "source", "", "where the file came from, `TEXT`")
	f.DurationVar(&v.For, "for", 365*24*time.Hour, "how long this is good for, as `TIME` such as 720h")
	for _, name := range []string{"product", "version", "source"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return s.writes(cmd)
}

func newReleaseListCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list the releases this house knows",
		Example: `  cordon release list --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.reading(cmd.Context(), func(a *app.App) error {
				all, err := a.Releases(cmd.Context())
				if err != nil {
					return err
				}
				for _, r := range all {
					if err := s.print(releaseRow{r}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

type published struct{ app.Published }

func (published) kind() string { return "published" }

func (p published) lines() []string {
	return []string{
		fmt.Sprintf("published %d statements (%d new) to %s", p.Size, p.New, p.Repo),
		fmt.Sprintf("  head %d, good until %s", p.Counter, day(p.Expires)),
	}
}

type synced struct{ app.SyncInfo }

func (synced) kind() string { return "sync" }

func (y synced) lines() []string {
	out := []string{
		fmt.Sprintf("synced %s: %d statements, %d new", y.Publisher, y.Size, y.New),
		fmt.Sprintf("  head %d, good until %s", y.Counter, day(y.Expires)),
	}
	if !y.Confirmed {
		out = append(out, fmt.Sprintf("  the trust root of %s is not confirmed yet; every verdict under it says so", y.Publisher))
	}
	return out
}

type fileVerdict struct{ app.FileVerdict }

func (fileVerdict) kind() string { return "verdict" }

func (v fileVerdict) lines() []string {
	first := string(v.Verdict)
	if !v.Release.IsZero() {
		first += "  " + v.Release.String()
	}
	out := []string{first, "  " + v.Digest.String()}
	for _, w := range v.Why {
		out = append(out, "  "+w)
	}
	return out
}

type releaseRow struct{ app.ReleaseInfo }

func (releaseRow) kind() string { return "release" }

func (r releaseRow) lines() []string {
	out := []string{fmt.Sprintf("%s  %s, counter %d, %s", r.Release, r.Kind, r.Counter, r.State)}
	for _, f := range r.Artifacts {
		out = append(out, fmt.Sprintf("  %s  %d bytes  %s", f.SHA256, f.Length, f.Name))
	}
	return out
}
