package model

// Called is what a sentence calls a device: its asset, or where it was seen when the device list does not have it.
func (d *FindingDevice) Called() string {
	if d.Asset != "" {
		return d.Asset
	}
	at := d.Device.DeviceAddr()
	switch {
	case at == "":
		return d.Device.String()
	case d.Listed:
		return "A device at " + at
	}
	return "A device at " + at + " that is not on the list"
}

// DeviceAddr returns the network address by which a device is known that has no other name: that of its port or of
// its host. It is empty for every other subject.
func (s Subject) DeviceAddr() string {
	if s.Kind() != KindDevice {
		return ""
	}
	switch parts := s.Parts(); {
	case len(parts) == 5 && parts[0] == "ip":
		return parts[3]
	case len(parts) == 2 && parts[0] == "mac":
		return parts[1]
	}
	return ""
}
