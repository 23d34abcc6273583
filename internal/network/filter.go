package network

import (
	"strings"

	"github.com/cordon-trust/cordon/internal/network/magic"
)

// sizeable is the size from which bytes of no known format may be an encrypted or packed update.
const sizeable = 64 << 10

// kind is what a file name's ending says.
type kind uint8

const (
	kindOther  kind = iota
	kindUpdate      // code, firmware, packages, models
	kindConfig
)

// kindOf looks at the ending of a name. The endings are those that update tools, package managers and
// flash tools use.
func kindOf(name string) kind {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return kindOther
	}
	switch strings.ToLower(name[i+1:]) {
	case "bin", "img", "fw", "rom", "hex", "s19", "s28", "s37", "srec", "mot", "dfu", "uf2", "swu", "raucb",
		"mender", "itb", "ubi", "squashfs", "trx", "chk", "upd", "update", "pkg", "deb", "rpm", "apk", "ipk",
		"opkg", "exe", "dll", "sys", "msi", "msp", "msu", "cab", "psf", "esd", "wim", "iso", "so", "ko", "elf",
		"jar", "war", "whl", "zip", "gz", "tgz", "xz", "txz", "bz2", "zst", "lz4", "lzma", "7z", "rar", "tar",
		"cpio", "patch", "delta", "vcdiff", "bsdiff", "crx", "appx", "msix", "onnx", "tflite", "gguf",
		"safetensors", "pt", "pth", "h5", "hdf5", "pb", "npy", "enc", "sig", "p7m":
		return kindUpdate
	case "conf", "cfg", "ini", "yaml", "yml", "toml", "reg", "plist", "xml", "json", "druglib", "dl", "db", "sqlite":
		return kindConfig
	}
	return kindOther
}

// updateLike reports whether the object looks like code, firmware, an archive, configuration or a model.
// In doubt it does: what is hidden is what is known to be something else.
func (o *object) updateLike() bool {
	k := kindOf(o.name)
	switch {
	case o.class.Update() || k == kindUpdate:
		return true
	case o.class == magic.Config:
		return k == kindConfig
	case o.class == magic.Unknown || o.class == magic.Empty:
		return k == kindConfig || max(o.seen, o.declared) >= sizeable
	}
	return false
}

// worthSaving reports whether the object is code, firmware, an archive or configuration. Documents, images
// and clinical messages are never kept, nor is anything that a device sends up unless it is code.
func (o *object) worthSaving() bool {
	if o.inner != nil { // it holds what somebody typed into a form
		return false
	}
	switch o.class {
	case magic.Code, magic.Firmware:
		return true
	case magic.Archive:
		return !o.request
	case magic.Config:
		k := kindOf(o.name)
		return !o.request && k == kindConfig && !strings.HasSuffix(o.name, "json") && !strings.HasSuffix(o.name, "xml")
	case magic.Unknown:
		return !o.request && kindOf(o.name) == kindUpdate
	}
	return false
}
