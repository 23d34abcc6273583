package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const maxTrustFile = 8 << 20

func newTrustCommand(s *state) *cobra.Command {
	return group("trust", "whose keys this house believes, and who compared the fingerprint",
		"  cordon trust add acme.json --fingerprint sha256:...",
		newTrustExportCommand(s), newTrustAddCommand(s), newTrustConfirmCommand(s), newTrustListCommand(s), newTrustRotateCommand(s))
}

func newTrustExportCommand(s *state) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "export",
		Short:   "write this organisation's trust root for others, and print its fingerprint",
		Example: `  cordon trust export --out acme.json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.reading(cmd.Context(), func(a *app.App) error {
				info, err := a.ExportTrust(cmd.Context(), out)
				if err != nil {
					return err
				}
				return s.print(trustRow{info})
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write")
	_ = cmd.MarkFlagRequired("out")
	return s.writes(cmd)
}

func newTrustAddCommand(s *state) *cobra.Command {
	var print string
	cmd := &cobra.Command{
		Use:   "add FILE",
		Short: "take a trust root; it stays unconfirmed until its fingerprint is compared",
		Example: `  cordon trust add acme.json
  cordon trust add acme.json --fingerprint sha256:...`,
		Long: `Call the maker on a number that you already have and let them read the fingerprint to you; they print it with trust
export. Until it is compared, every verdict under this root says so. A second root for a name is refused unless the
one that is held signed it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var want *model.Digest
			if cmd.Flags().Changed("fingerprint") {
				d, err := parsePrint(print)
				if err != nil {
					return err
				}
				want = &d
			}
			file, err := disk.ReadFile(args[0], maxTrustFile)
			if err != nil {
				return err
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				info, err := a.AddTrust(cmd.Context(), file, want)
				if err != nil {
					return err
				}
				return s.print(trustRow{info})
			})
		},
	}
	cmd.Flags().StringVar(&print, "fingerprint", "", "the `FINGERPRINT` the maker told you by another way")
	return s.writes(cmd)
}

func newTrustConfirmCommand(s *state) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "confirm ORG FINGERPRINT",
		Short:   "say that a person compared the fingerprint with what the maker told them",
		Example: `  cordon trust confirm acme sha256:...`,
		Long: `FINGERPRINT is what the maker read to you by telephone, whole. It is the only moment at which a false maker can be
told from the true one.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			want, err := parsePrint(args[1])
			if err != nil {
				return err
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				info, err := a.ConfirmTrust(cmd.Context(), args[0], want)
				if err != nil {
					return err
				}
				return s.print(trustRow{info})
			})
		},
	}
	return s.writes(cmd)
}

func newTrustListCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "list the trust roots this house holds",
		Example: `  cordon trust list --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.reading(cmd.Context(), func(a *app.App) error {
				all, err := a.Trusted(cmd.Context())
				if err != nil {
					return err
				}
				for _, info := range all {
					if err := s.print(trustRow{info}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func newTrustRotateCommand(s *state) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rotate ROLE",
		Short: "give a role new keys by a new version of the trust root; needs the root keys",
		Example: `  cordon trust rotate release
  cordon release publish --repo DIR    (hospitals then learn of it by their next sync)`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.writing(cmd.Context(), func(a *app.App) error {
				info, err := a.RotateTrust(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return s.print(trustRow{info})
			})
		},
	}
	return s.writes(cmd)
}

func parsePrint(s string) (model.Digest, error) {
	d, err := model.ParseDigest(s)
	if err != nil {
		return d, fault.Wrap(err, fault.Usage, "the fingerprint cannot be read")
	}
	return d, nil
}

type trustRow struct{ app.TrustInfo }

func (trustRow) kind() string { return "trust" }

func (t trustRow) lines() []string {
	state := "not confirmed: compare the fingerprint with the organisation by another way"
	if t.Confirmed {
		state = "confirmed"
	}
	out := []string{
		fmt.Sprintf("%s  %s, root version %d, good until %s, %s", t.Org, t.Kind, t.Version, day(t.Expires), state),
		"  fingerprint " + t.Fingerprint.String(),
	}
	if t.Test {
		out = append(out, "  made in a lab: not for real devices")
	}
	return out
}
