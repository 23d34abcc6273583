package cli

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func newInitCommand(s *state) *cobra.Command {
	var h app.Home
	var role string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "make a home: keys, trust root, database and ledger of one organisation",
		Example: `  cordon init --org acme --role maker
  cordon init --org st-elsewhere --role hospital`,
		Long: `Asks twice for the passphrase that protects the role keys, unless --passphrase-file names one. The root keys are
written to HOME/offline: move that folder to a safe place. Everything is built beside the home and moved there in
one step; an init that is interrupted leaves no half home.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt, err := s.options()
			if err != nil {
				return err
			}
			s.twice = true
			h.Kind = evidence.OrgKind(role)
			print, err := app.Init(cmd.Context(), opt, h)
			if err != nil {
				return err
			}
			return s.print(homeMade{
				Home: opt.Dir, Org: h.Org, Role: role, Fingerprint: print,
				Offline: filepath.Join(opt.Dir, "offline"), DryRun: s.dryRun,
			})
		},
	}
	cmd.Flags().StringVar(&h.Org, "org", "", "`NAME` of the organisation: a-z, 0-9, dot and dash")
	cmd.Flags().StringVar(&role, "role", "", "what it is: `maker|hospital`")
	cmd.Flags().StringVar(&h.Site, "site", "main", "`NAME` of the site whose network is watched")
	cmd.Flags().BoolVar(&h.Lab, "lab", false, "make a home for demonstrations; others refuse its trust root")
	_ = cmd.MarkFlagRequired("org")
	_ = cmd.MarkFlagRequired("role")
	return s.writes(cmd)
}

type homeMade struct {
	Home        string       `json:"home"`
	Org         string       `json:"org"`
	Role        string       `json:"role"`
	Fingerprint model.Digest `json:"fingerprint,omitzero"` // none in a dry run, which makes no keys
	Offline     string       `json:"offline"`
	DryRun      bool         `json:"dry_run,omitzero"`
}

func (homeMade) kind() string { return "home" }

func (h homeMade) lines() []string {
	if h.DryRun {
		return []string{fmt.Sprintf("would make a home for %s %q at %s", h.Role, h.Org, h.Home)}
	}
	return []string{
		fmt.Sprintf("made a home for %s %q at %s", h.Role, h.Org, h.Home),
		"trust root fingerprint: " + h.Fingerprint.String(),
		"move the root keys away: " + h.Offline,
	}
}
