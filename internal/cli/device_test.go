package cli

import (
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/network/finding"
)

// The list of third parties that the help shows can be read.
func TestHelpShowsSourcesThatWork(t *testing.T) {
	t.Parallel()
	_, rest, ok := strings.Cut(topicText([]string{"formats"}), "sources.json in the home: ")
	text, _, found := strings.Cut(rest, "]}]}")
	if !ok || !found {
		t.Fatal("the help shows none")
	}
	s, err := finding.ReadSources(strings.NewReader(text + "]}]}"))
	if err != nil {
		t.Fatal(err)
	}
	if who, _, ok := s.ThirdParty("mirror.example.org", "tool.deb"); !ok || who != "Our mirror" {
		t.Errorf("%q, %v", who, ok)
	}
}
