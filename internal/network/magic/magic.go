// Package magic says by its first bytes what an object is. What the sender says about it is not believed.
//
// Most callers need [Sniff]. It looks at no more than [Need] bytes and never decides that something is
// harmless: what it does not know is "application/octet-stream" of class [Unknown].
package magic

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Need is how many bytes from the beginning [Sniff] looks at. Fewer will do at the end of an object.
const Need = 512

// Class is what an object is good for, as far as updates are concerned.
type Class uint8

// The classes.
const (
	Unknown  Class = iota // binary, not recognised: may be encrypted firmware
	Code                  // programs and libraries
	Firmware              // images for a boot loader or a flash tool
	Archive               // packages and compressed files
	Config                // structured text
	Model                 // weights and data sets
	Document              // reports, images, media: may show a patient, never kept
	Text                  // other text
	Empty
)

// Update reports whether objects of this class are what updates are made of.
func (c Class) Update() bool {
	return c == Code || c == Firmware || c == Archive || c == Model
}

// TypeOffice is the type of containers by the Open Packaging Conventions: office documents, and packages of
// some installers.
const TypeOffice = "application/vnd.openxmlformats-package"

const typeZip = "application/zip"

type signature struct {
	at    int
	bytes string
	typ   string
	class Class
}

// signatures are tried in order. Sources: the formats' own specifications.
var signatures = [...]signature{
	{0, "\x7fELF", "application/x-elf", Code},
	{0, "\xfe\xed\xfa\xce", "application/x-mach-binary", Code},
	{0, "\xfe\xed\xfa\xcf", "application/x-mach-binary", Code},
	{0, "\xce\xfa\xed\xfe", "application/x-mach-binary", Code},
	{0, "\xcf\xfa\xed\xfe", "application/x-mach-binary", Code},
	{0, "\xca\xfe\xba\xbe", "application/java-vm", Code},
	{0, "\x00asm", "application/wasm", Code},
	{0, "dex\n", "application/vnd.android.dex", Code},
	{0, "#!", "text/x-script", Code},
	{0, "\x27\x05\x19\x56", "application/x-uimage", Firmware},
	{0, "\xd0\x0d\xfe\xed", "application/x-device-tree", Firmware},
	{0, "hsqs", "application/x-squashfs", Firmware},
	{0, "sqsh", "application/x-squashfs", Firmware},
	{0, "UBI#", "application/x-ubi", Firmware},
	{0, "UBI!", "application/x-ubi", Firmware},
	{0, "\x31\x18\x10\x06", "application/x-ubifs", Firmware},
	{0, "\x45\x3d\xcd\x28", "application/x-cramfs", Firmware},
	{0, "HDR0", "application/x-trx", Firmware},
	{0, "ANDROID!", "application/x-android-boot", Firmware},
	{0, "CrAU", "application/x-android-ota", Firmware},
	{0, "UF2\n", "application/x-uf2", Firmware},
	{0, "DfuSe", "application/x-dfu", Firmware},
	{0, "\x3d\xb8\xf3\x96", "application/x-mcuboot", Firmware},
	{0, "PK\x03\x04", typeZip, Archive},
	{0, "PK\x05\x06", typeZip, Archive},
	{0, "\x1f\x8b\x08", "application/gzip", Archive},
	{0, "\xfd7zXZ\x00", "application/x-xz", Archive},
	{0, "BZh", "application/x-bzip2", Archive},
	{0, "\x28\xb5\x2f\xfd", "application/zstd", Archive},
	{0, "\x04\x22\x4d\x18", "application/x-lz4", Archive},
	{0, "\x5d\x00\x00", "application/x-lzma", Archive},
	{0, "LZIP", "application/x-lzip", Archive},
	{0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", Archive},
	{0, "Rar!\x1a\x07", "application/x-rar", Archive},
	{0, "MSCF", "application/vnd.ms-cab-compressed", Archive},
	{0, "!<arch>\ndebian", "application/vnd.debian.binary-package", Archive},
	{0, "!<arch>\n", "application/x-archive", Archive},
	{0, "\xed\xab\xee\xdb", "application/x-rpm", Archive},
	{0, "070701", "application/x-cpio", Archive},
	{0, "070702", "application/x-cpio", Archive},
	{0, "070707", "application/x-cpio", Archive},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage", Archive}, // MSI among others
	{0, "\x89HDF\r\n\x1a\n", "application/x-hdf5", Model},
	{0, "GGUF", "application/x-gguf", Model},
	{4, "TFL3", "application/x-tflite", Model},
	{0, "\x93NUMPY", "application/x-npy", Model},
	{0, "PAR1", "application/vnd.apache.parquet", Model},
	{0, "SQLite format 3\x00", "application/vnd.sqlite3", Config},
	{0, "regf", "application/x-registry-hive", Config},
	{0, "\x89PNG\r\n\x1a\n", "image/png", Document},
	{0, "GIF87a", "image/gif", Document},
	{0, "GIF89a", "image/gif", Document},
	{0, "\xff\xd8\xff", "image/jpeg", Document},
	{0, "II*\x00", "image/tiff", Document},
	{0, "MM\x00*", "image/tiff", Document},
	{0, "%PDF-", "application/pdf", Document},
	{0, "{\\rtf", "application/rtf", Document},
	{128, "DICM", "application/dicom", Document},
	{0, "\x02\x00\x00\x00UL\x04\x00", "application/dicom", Document}, // without its preamble
	{0, "\x08\x00\x05\x00CS", "application/dicom", Document},         // a bare data set
	{0, "\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2", Document},
	{0, "\xff\x4f\xff\x51", "image/j2c", Document},
	{344, "n+1\x00", "image/x-nifti", Document},
	{0, "NRRD000", "image/x-nrrd", Document},
	{0, "%!PS", "application/postscript", Document},
	{0, "OggS", "audio/ogg", Document},
	{0, "ID3", "audio/mpeg", Document},
	{4, "ftyp", "video/mp4", Document},
	{0, "\x1a\x45\xdf\xa3", "video/webm", Document},
	{0, "RIFF", "application/x-riff", Document},
	{0, "wOFF", "font/woff", Document},
	{0, "wOF2", "font/woff2", Document},
	{0, "MSH|", "application/hl7-v2", Document},
	{0, "\x0bMSH|", "application/hl7-v2", Document},
	{0, "FHS|", "application/hl7-v2", Document},
	{0, "BHS|", "application/hl7-v2", Document},
	{257, "ustar", "application/x-tar", Archive},
}

// firsts are the first bytes of signatures that begin an object. Most objects begin with another one and are
// compared only with the few signatures that lie elsewhere.
var firsts, elsewhere = func() (set [256]bool, rest []signature) {
	for _, s := range signatures {
		if s.at == 0 {
			set[s.bytes[0]] = true
		} else {
			rest = append(rest, s)
		}
	}
	return set, rest
}()

// Sniff returns the media type and class of an object that begins with b.
func Sniff(b []byte) (string, Class) {
	b = b[:min(len(b), Need)]
	if len(b) == 0 {
		return "", Empty
	}
	list := elsewhere
	if firsts[b[0]] {
		list = signatures[:]
	}
	for i := range list {
		s := &list[i]
		if len(b) >= s.at+len(s.bytes) && b[s.at] == s.bytes[0] && string(b[s.at:s.at+len(s.bytes)]) == s.bytes {
			if s.typ == typeZip {
				return zip(b)
			}
			return s.typ, s.class
		}
	}
	if typ, class, ok := shaped(b); ok {
		return typ, class
	}
	if isText(b) {
		return text(b)
	}
	return "application/octet-stream", Unknown
}

// zip tells from the name of its first member what a ZIP file is.
func zip(b []byte) (string, Class) {
	const at = 30 // APPNOTE.TXT section 4.3.7
	name := b[min(len(b), at):]
	switch {
	case bytes.HasPrefix(name, []byte("mimetypeapplication/vnd.oasis.opendocument")):
		return "application/vnd.oasis.opendocument", Document
	case bytes.HasPrefix(name, []byte("[Content_Types].xml")), bytes.HasPrefix(name, []byte("_rels/.rels")):
		return TypeOffice, Archive
	}
	return typeZip, Archive
}

// shaped recognises formats that take more than a constant at a place.
func shaped(b []byte) (string, Class, bool) {
	switch {
	case len(b) > 64 && b[0] == 'M' && b[1] == 'Z':
		return "application/vnd.microsoft.portable-executable", Code, true
	case len(b) > 12 && b[0] == 0x85 && b[1] == 0x19 && (b[3] == 0xe0 || b[3] == 0x20):
		return "application/x-jffs2", Firmware, true
	case len(b) > 14 && b[0] == 'B' && b[1] == 'M' && b[6]|b[7]|b[8]|b[9] == 0:
		return "image/bmp", Document, true
	case len(b) > 10 && b[0] == ':' && allHex(b[1:9]):
		return "application/x-intel-hex", Firmware, true
	case len(b) > 10 && b[0] == 'S' && '0' <= b[1] && b[1] <= '9' && allHex(b[2:8]):
		return "application/x-srecord", Firmware, true
	case len(b) > 16 && b[8] == '{' && b[9] == '"' && bytes.Equal(b[3:8], make([]byte, 5)):
		return "application/x-safetensors", Model, true
	case len(b) > 2 && b[0] == 0x80 && 2 <= b[1] && b[1] <= 5 && strings.IndexByte("}](c\x95X", b[2]) >= 0:
		return "application/x-python-pickle", Model, true
	case len(b) > 4 && b[0] == 8 && 1 <= b[1] && b[1] <= 20 && b[2] == 0x12:
		return "application/x-onnx", Model, true
	}
	return "", 0, false
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !('0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// isText reports whether the first bytes hold no control character that text does not have.
func isText(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f {
			return false
		}
	}
	return true
}

// clinical recognises reports and records about patients by the names that their standards prescribe.
func clinical(b []byte) (string, bool) {
	switch {
	case bytes.Contains(b, []byte("<ClinicalDocument")), bytes.Contains(b, []byte("urn:hl7-org:v")):
		return "application/hl7-cda+xml", true
	case bytes.Contains(b, []byte("http://hl7.org/fhir")):
		return "application/fhir+xml", true
	case bytes.Contains(b, []byte(`"resourceType"`)):
		return "application/fhir+json", true
	}
	return "", false
}

func text(b []byte) (string, Class) {
	if typ, ok := clinical(b); ok {
		return typ, Document
	}
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	head := bytes.ToLower(b[:min(len(b), 64)])
	switch {
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")), bytes.HasPrefix(head, []byte("<head")):
		return "text/html", Text
	case bytes.HasPrefix(head, []byte("<?xml")):
		return "text/xml", Config
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		return "application/json", Config
	case bytes.HasPrefix(head, []byte("-----begin ")):
		return "application/x-pem-file", Config
	}
	if !utf8.Valid(b[:max(0, len(b)-utf8.UTFMax+1)]) {
		return "application/octet-stream", Unknown // no control characters, yet no text either
	}
	return "text/plain", Text
}
