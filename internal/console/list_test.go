package console_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/app"
)

// A long list comes page by page, each row once and in the order of the list, and a filter stays from page to page.
func TestLongList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var list strings.Builder
	list.WriteString("asset,vendor,model,serial,site,zone\n")
	for i := range 230 {
		fmt.Fprintf(&list, "A-%03d,acme,pump-7,SN-%d,main,zone %d\n", i, i, i%2)
	}
	h.in(t, "mercy", func(a *app.App) error {
		_, err := a.ImportDevices(t.Context(), strings.NewReader(list.String()))
		return err
	})
	v := enter(t, h.serve(t))
	for _, c := range []struct {
		at           string
		pages, total int
	}{{"/devices", 5, 230}, {"/devices?zone=zone+1&role=&text=", 3, 115}, {"/devices?text=A-04", 1, 10}} {
		var got []string
		at, pages := c.at, 0
		for at != "" {
			pages++
			w := v.get(t, at)
			root := parse(t, w.Body.String())
			checkMarkup(t, root)
			if total := root.withClass("total"); w.Code != http.StatusOK || len(total) != 1 || total[0].attrs["data-total"] != fmt.Sprint(c.total) {
				t.Fatalf("%s answers %d: %s", at, w.Code, root.text)
			}
			for _, th := range root.all("th") {
				if th.attrs["scope"] == "row" {
					got = append(got, th.text)
				}
			}
			at = ""
			for _, a := range root.all("a") {
				if a.attrs["rel"] == "next" {
					at = a.attrs["href"]
				}
				if a.attrs["rel"] == "prev" && pages == 1 {
					t.Errorf("something comes before the first page: %s", a.attrs["href"])
				}
			}
			if pages > 10 {
				t.Fatal("the list does not end")
			}
		}
		if pages != c.pages || len(got) != c.total {
			t.Errorf("%s: %d pages with %d rows, want %d with %d", c.at, pages, len(got), c.pages, c.total)
		}
		for i := 1; i < len(got); i++ {
			if got[i] <= got[i-1] {
				t.Fatalf("%s: %s comes behind %s", c.at, got[i], got[i-1])
			}
		}
	}
}
