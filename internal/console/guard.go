package console

import (
	"crypto/subtle"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

const tokenParam = "token"

// policy lets a page load from the console alone, and no other page show it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// hostsOf are the values of the Host header that mean the console: a name that an attacker lets point to
// this computer is none of them.
func hostsOf(at netip.AddrPort) []string {
	port := strconv.Itoa(int(at.Port()))
	out := []string{"127.0.0.1:" + port, "[::1]:" + port, "localhost:" + port}
	if at.Port() == 80 { // which browsers leave out
		out = append(out, "127.0.0.1", "[::1]", "localhost")
	}
	return out
}

// ServeHTTP answers one request, unless it is not for the console or not from whom the console is for.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	switch {
	case !slices.Contains(c.hosts, strings.ToLower(r.Host)):
		refuse(w, http.StatusMisdirectedRequest, "This address is not the console's. Open the address that `cordon serve` or `cordon demo` printed.")
	case c.foreign.Check(r) != nil || fromElsewhere(r):
		refuse(w, http.StatusForbidden, "Pages of other sites may not use the console.")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "The console shows and changes nothing: it answers to GET and HEAD only.")
	case !readable(r.URL):
		refuse(w, http.StatusBadRequest, "A part of this address cannot be read, so its answer could be taken for one to the whole. Go back, and use the links and forms of the pages.")
	case r.URL.Query().Has(tokenParam):
		c.enter(w, r)
	case !c.known(r):
		refuse(w, http.StatusUnauthorized, "Open the address that `cordon serve` or `cordon demo` printed when it was started; it holds the key to this console. "+
			"If you just did, go on here:")
	default:
		c.mux.ServeHTTP(w, r)
	}
}

// readable reports whether all that follows the question mark can be read: [url.URL.Query] leaves out the rest, and a
// list that is narrowed by less than was asked for would pass for the one that is narrowed by it.
func readable(at *url.URL) bool {
	_, err := url.ParseQuery(at.RawQuery)
	return err == nil
}

// fromElsewhere reports whether a page of another origin loads something of the console into itself. A link
// may lead here: what it leads to is in a tab of its own.
func fromElsewhere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	return r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// enter takes the secret of the link, and leads to the same page without it, so that it is neither in the
// address bar nor in the history.
func (c *Console) enter(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !same(query.Get(tokenParam), c.token) {
		refuse(w, http.StatusUnauthorized, "This address is of another run of `cordon serve` or `cordon demo`. Open the one that was printed last.")
		return
	}
	query.Del(tokenParam)
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure needs TLS, and nothing of this leaves the computer
		Name: c.cookie(), Value: c.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	to := url.URL{Path: path.Clean("/" + r.URL.Path), RawQuery: query.Encode()} // never another host
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// cookie names the cookie by the port: browsers share cookies between the ports of a host.
func (c *Console) cookie() string { return "cordon-" + strconv.Itoa(int(c.opt.Addr.Port())) }

func (c *Console) known(r *http.Request) bool {
	for _, k := range r.CookiesNamed(c.cookie()) {
		if same(k.Value, c.session) {
			return true
		}
	}
	return false
}

func same(given, secret string) bool {
	return subtle.ConstantTimeCompare([]byte(given), []byte(secret)) == 1
}

// refuse answers somebody who may not know more, with fixed words.
func refuse(w http.ResponseWriter, status int, text string) {
	link := ""
	if status == http.StatusUnauthorized {
		link = "<p><a href=\"/\">Open the console</a></p>\n"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width"/>
<meta name="color-scheme" content="light dark"/>
<title>Not opened: Cordon</title>
</head>
<body>
<main>
<h1>Why was this not opened?</h1>
<p>`+text+"</p>\n"+link+"</main>\n</body>\n</html>\n")
}
