package network

import (
	"strings"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/magic"
)

const maxName = 255 // bytes of a name that is handed out

// wanted decides whether a transfer is handed out. The name of what may be about a patient is taken away
// here, so that nobody behind can keep it; only what bears on a release keeps its own, since an update in
// the guise of a document would else not be missed under its name.
func (e *engine) wanted(o *object, t *model.Transfer) bool {
	clinical := t.Name != "" && o.clinical()
	show := e.opt.AllObjects || o.updateLike()
	keep := (clinical || !show) && e.opt.Keep != nil && e.opt.Keep(t)
	if clinical && !keep {
		t.Name = ""
		t.Notes = append(t.Notes, "its name was left out: it may be about a patient")
	}
	if len(t.Name) > maxName {
		t.Name = shorten(t.Name)
	}
	return show || keep
}

// clinical reports whether an object is, by its bytes or its name, a document, an image or a clinical message.
// Names of such are often made of a patient's.
func (o *object) clinical() bool {
	if o.class == magic.Document {
		return !strings.HasPrefix(o.typ, "font/")
	}
	if o.typ == magic.TypeOffice && kindOf(o.name) != kindUpdate {
		return true
	}
	i := strings.LastIndexByte(o.name, '.')
	switch strings.ToLower(strings.TrimRight(o.name[i+1:], " ")) {
	case "dcm", "dicom", "dcm30", "ima", "hl7", "hl7v2", "cda", "ccd", "ccda", "fhir", "edf", "scp", "nii", "mha", "nrrd",
		"pdf", "doc", "docx", "docm", "dot", "dotx", "rtf", "odt", "ods", "odp", "xls", "xlsx", "xlsm", "xlsb", "ppt", "pptx",
		"pages", "numbers", "xps", "oxps", "ps", "csv", "tsv", "eml", "msg", "vcf", "ics",
		"jpg", "jpeg", "jp2", "j2k", "jls", "png", "gif", "bmp", "tif", "tiff", "webp", "heic", "svg",
		"avi", "mpg", "mpeg", "mp4", "mov", "mkv", "wav", "mp3":
		return i >= 0
	}
	return false
}

// shorten cuts a name between two characters.
func shorten(s string) string {
	n := maxName
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
