package finding

// Code reports whether a content type that package magic gives is a program, firmware, or a package that
// an installer takes. Plain archives are not: reports and studies travel in them too.
func Code(contentType string) bool {
	switch contentType {
	case "application/x-elf", "application/x-mach-binary", "application/java-vm", "application/wasm",
		"application/vnd.android.dex", "text/x-script", "application/vnd.microsoft.portable-executable":
		return true
	case "application/x-uimage", "application/x-device-tree", "application/x-squashfs", "application/x-ubi",
		"application/x-ubifs", "application/x-cramfs", "application/x-trx", "application/x-android-boot",
		"application/x-android-ota", "application/x-uf2", "application/x-dfu", "application/x-mcuboot",
		"application/x-jffs2", "application/x-intel-hex", "application/x-srecord":
		return true
	case "application/vnd.debian.binary-package", "application/x-rpm", "application/vnd.ms-cab-compressed":
		return true
	}
	return false
}
