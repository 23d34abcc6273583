package console

import (
	"embed"
	"net/http"
	"path"
)

// The assets, and in manifest.json whose they are: version, licence and SHA-256 of each.
//
//go:embed assets
var assetFiles embed.FS

// asset sends a style sheet or a picture. What has no known type is not one.
func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	kind := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
	body, err := assetFiles.ReadFile("assets/" + name)
	if kind == "" || err != nil {
		c.page(nowhere).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(body) //nolint:gosec // G705: it is a file of our own; whoever asked may be gone
}
