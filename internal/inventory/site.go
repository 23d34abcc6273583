package inventory

// Addressed counts the devices that a capture of a site can find by address, and those whose addresses
// are of other sites only. A device without a site is found at every one.
func Addressed(devices []Device, site string) (here, elsewhere int) {
	for i := range devices {
		switch d := &devices[i]; {
		case len(d.IPs) == 0:
		case d.Site == "" || siteName(d.Site) == siteName(site):
			here++
		default:
			elsewhere++
		}
	}
	return here, elsewhere
}
