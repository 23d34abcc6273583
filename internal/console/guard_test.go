package console_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/kit/clock"
)

// Who is answered, and what nobody is told who is not.
func TestGuard(t *testing.T) {
	t.Parallel()
	c := newHouse(t).serve(t)
	v := enter(t, c)
	token := strings.TrimPrefix(c.Link(), "http://"+host+"/?token=")
	if len(token) != 32 || v.cookie.Value == token {
		t.Fatalf("the link is %s and the cookie %s", c.Link(), v.cookie.Value)
	}
	cookie := v.cookie.Name + "=" + v.cookie.Value
	head := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = pairs[i+1]
		}
		return out
	}
	for name, q := range map[string]struct {
		method, host, target string
		head                 map[string]string
		status               int
		location             string
	}{
		"the cookie":                  {"GET", host, "/", head("Cookie", cookie), 200, ""},
		"as localhost":                {"GET", "localhost:8420", "/", head("Cookie", cookie), 200, ""},
		"as LOCALHOST":                {"GET", "LOCALHOST:8420", "/", head("Cookie", cookie), 200, ""},
		"as IPv6":                     {"GET", "[::1]:8420", "/", head("Cookie", cookie), 200, ""},
		"HEAD":                        {"HEAD", host, "/findings", head("Cookie", cookie), 200, ""},
		"a second cookie":             {"GET", host, "/", head("Cookie", v.cookie.Name+"=x; "+cookie), 200, ""},
		"a name that points here":     {"GET", "rebound.example:8420", "/", head("Cookie", cookie), 421, ""},
		"the token by such a name":    {"GET", "rebound.example:8420", "/?token=" + token, nil, 421, ""},
		"another port":                {"GET", "127.0.0.1:8421", "/", head("Cookie", cookie), 421, ""},
		"no port":                     {"GET", "127.0.0.1", "/", head("Cookie", cookie), 421, ""},
		"a dot more":                  {"GET", "localhost.:8420", "/", head("Cookie", cookie), 421, ""},
		"another loopback address":    {"GET", "127.0.0.2:8420", "/", head("Cookie", cookie), 421, ""},
		"no host":                     {"GET", "", "/", head("Cookie", cookie), 421, ""},
		"no cookie":                   {"GET", host, "/", nil, 401, ""},
		"no cookie, a style sheet":    {"GET", host, "/assets/console.css", nil, 401, ""},
		"no cookie, no such page":     {"GET", host, "/none", nil, 401, ""},
		"an empty cookie":             {"GET", host, "/", head("Cookie", v.cookie.Name+"="), 401, ""},
		"a wrong cookie":              {"GET", host, "/", head("Cookie", v.cookie.Name+"="+strings.Repeat("0", 32)), 401, ""},
		"the token as a cookie":       {"GET", host, "/", head("Cookie", v.cookie.Name+"="+token), 401, ""},
		"the cookie as a token":       {"GET", host, "/?token=" + v.cookie.Value, nil, 401, ""},
		"the token":                   {"GET", host, "/?token=" + token, nil, 303, "/"},
		"the token with a filter":     {"GET", host, "/findings?state=open&token=" + token, nil, 303, "/findings?state=open"},
		"the token and another host":  {"GET", host, "//evil.example/?token=" + token, nil, 303, "/evil.example"},
		"the token and dots":          {"GET", host, "/../%2f%2fevil.example?token=" + token, nil, 303, "/evil.example"},
		"a wrong token":               {"GET", host, "/?token=" + strings.Repeat("0", 32), nil, 401, ""},
		"an empty token":              {"GET", host, "/?token=", head("Cookie", cookie), 401, ""},
		"a token's beginning":         {"GET", host, "/?token=" + token[:31], nil, 401, ""},
		"a filter behind a semicolon": {"GET", host, "/findings?severity=low;state=open", head("Cookie", cookie), 400, ""},
		"a filter that is cut off":    {"GET", host, "/findings?state=%6", head("Cookie", cookie), 400, ""},
		"POST":                        {"POST", host, "/", head("Cookie", cookie), 405, ""},
		"DELETE":                      {"DELETE", host, "/findings", head("Cookie", cookie), 405, ""},
		"PUT with the token":          {"PUT", host, "/?token=" + token, nil, 405, ""},
		"a form of another site":      {"POST", host, "/", head("Cookie", cookie, "Origin", "http://evil.example"), 403, ""},
		"a picture in another site":   {"GET", host, "/assets/mark.svg", head("Cookie", cookie, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"), 403, ""},
		"a fetch from another port":   {"GET", host, "/findings", head("Cookie", cookie, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors"), 403, ""},
		"a frame in another site":     {"GET", host, "/", head("Cookie", cookie, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"), 403, ""},
		"a link on another site":      {"GET", host, "/?token=" + token, head("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 303, "/"},
		"its own page":                {"GET", host, "/devices", head("Cookie", cookie, "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200, ""},
		"typed into the address bar":  {"GET", host, "/", head("Cookie", cookie, "Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"), 200, ""},
		"a folder above the assets":   {"GET", host, "/assets/..%2fpages%2flayout.html", head("Cookie", cookie), 404, ""},
		"the list of assets":          {"GET", host, "/assets/", head("Cookie", cookie), 404, ""},
		"an asset that is no picture": {"GET", host, "/assets/manifest.json", head("Cookie", cookie), 404, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), q.method, "http://placeholder"+q.target, nil)
			r.Host = q.host
			for k, text := range q.head {
				r.Header.Set(k, text)
			}
			w := httptest.NewRecorder()
			c.ServeHTTP(w, r)
			if w.Code != q.status || w.Header().Get("Location") != q.location {
				t.Errorf("%d to %q, want %d to %q", w.Code, w.Header().Get("Location"), q.status, q.location)
			}
			checkHeaders(t, w.Header())
			body := w.Body.String()
			if w.Code != 200 && w.Code != 404 && strings.Contains(body, "mercy") {
				t.Errorf("whose home it is is told to anybody:\n%s", body)
			}
			if strings.Contains(body, token) || strings.Contains(body, v.cookie.Value) || strings.Contains(w.Header().Get("Location"), token) {
				t.Error("the answer repeats a secret")
			}
			if (q.status == 303) != (w.Header().Get("Set-Cookie") != "") {
				t.Errorf("cookie %q", w.Header().Get("Set-Cookie"))
			}
			if q.status == 405 && w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow is %q", w.Header().Get("Allow"))
			}
		})
	}
}

// checkHeaders looks at what every answer has, also a refusal.
func checkHeaders(t *testing.T, h http.Header) {
	t.Helper()
	for k, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := h.Get(k); got != want {
			t.Errorf("%s is %q, want %q", k, got, want)
		}
	}
	if h.Get("Access-Control-Allow-Origin") != "" {
		t.Error("other origins may read the answer")
	}
}

// The cookie stays out of scripts and of requests from elsewhere, and ends with the browser.
func TestCookie(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.serve(t), h.serve(t)
	c := enter(t, one).cookie
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("%+v", c)
	}
	if c.Name != "cordon-8420" {
		t.Errorf("two consoles at two ports share the cookie %q", c.Name)
	}
	if one.Link() == two.Link() || c.Value == enter(t, two).cookie.Value {
		t.Error("two runs share a secret")
	}
}

// A console is for this computer alone.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	open := func(context.Context) (*app.App, error) { return nil, nil }
	for name, opt := range map[string]console.Options{
		"no home":          {Clock: clock.System{}, Rand: rand.Reader, Addr: netip.MustParseAddrPort(host)},
		"no clock":         {Open: open, Rand: rand.Reader, Addr: netip.MustParseAddrPort(host)},
		"no randomness":    {Open: open, Clock: clock.System{}, Addr: netip.MustParseAddrPort(host)},
		"little of it":     {Open: open, Clock: clock.System{}, Rand: strings.NewReader("short"), Addr: netip.MustParseAddrPort(host)},
		"the whole world":  {Open: open, Clock: clock.System{}, Rand: rand.Reader, Addr: netip.MustParseAddrPort("0.0.0.0:8420")},
		"another computer": {Open: open, Clock: clock.System{}, Rand: rand.Reader, Addr: netip.MustParseAddrPort("192.0.2.1:8420")},
		"no port":          {Open: open, Clock: clock.System{}, Rand: rand.Reader, Addr: netip.MustParseAddrPort("127.0.0.1:0")},
	} {
		if _, err := console.New(opt); err == nil {
			t.Errorf("%s: a console is made", name)
		}
	}
}
