package console

import (
	"embed"
	"encoding/base64"
	"net/http"
	"path"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// The assets, and in manifest.json whose they are: version, licence and SHA-256 of each.
//
//go:embed assets
var assetFiles embed.FS

// integrity is the digest by which a browser takes an asset for the one that is meant (W3C Subresource Integrity).
func integrity(name string) (string, error) {
	body, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		return "", fault.Wrap(err, fault.Internal, "read asset %q", name)
	}
	d := model.DigestOf(body)
	return "sha256-" + base64.StdEncoding.EncodeToString(d[:]), nil
}

// asset sends a style sheet, a script or a picture. What has no known type is not one.
func (c *Console) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	kind := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]
	body, err := assetFiles.ReadFile("assets/" + name)
	if kind == "" || err != nil {
		c.page(nowhere).ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(body) //nolint:gosec // G705: it is a file of our own; whoever asked may be gone
}
