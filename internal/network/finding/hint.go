package finding

import "github.com/cordon-trust/cordon/internal/model"

// What whoever stands at the bedside reads. Whether the device is on a patient is not known here, so the
// advice never takes it away from one.
const (
	leaveOn = "Leave the device connected and on; it may be on a patient. Look at it and at what it shows, and call clinical " +
		"engineering. If it misbehaves, follow your local downtime procedure."
	noHurry = "Nothing to do at the bedside: leave the device connected and on, and use it as usual."
)

// hint returns the advice for a rule. A test forbids the words that would be unsafe at a bedside.
func hint(r model.Rule) model.Hint {
	h := model.Hint{Now: leaveOn}
	switch r {
	case model.UpdateAltered:
		h.Next = "Swap the device for a spare when its patient allows it, and hold it on the shelf. Keep the capture and the file, " +
			"and note what the device shows as its version."
		h.Later = "Compare the file with what the maker signed, look at the path between server and device, and ask the maker " +
			"whether the difference is known."
	case model.UpdateAmbiguous:
		h.Next = "Swap the device for a spare when its patient allows it, and hold it on the shelf until its version was read from " +
			"the device itself. Keep the capture."
		h.Later = "Find out who on that network segment sent the second copy; a faulty mirror port can look the same. Ask the " +
			"maker how the device checks what it fetched."
	case model.UpdateReplayed:
		h.Next = "Read the version that the device runs. If it went back, swap it for a spare when its patient allows it and hold it " +
			"on the shelf. Keep the capture."
		h.Later = "Find out why the server offers an older release. Ask the maker whether this step back is permitted and which " +
			"flaws the older release has."
	case model.UpdateWrongDevice:
		h.Next = "Check on the device's label that the device list has the right product. If it has, swap the device for a spare when " +
			"its patient allows it, hold it on the shelf, and keep the capture."
		h.Later = "Find out why this server offered a release for another product, and correct the device list where it is wrong."
	case model.UpdateWithdrawn:
		h.Next = "Read the reason of the withdrawal and the version that the device runs. Swap the device for a spare when its patient " +
			"allows it and hold it on the shelf until the maker has answered."
		h.Later = "Have the release taken from the server that still offers it, and ask the maker what the devices that fetched it need."
	case model.UpdateUnlogged:
		h.Next = "Hold the devices that are on the shelf there. Read the version that each device runs, and keep the capture and the file."
		h.Later = "Ask the maker, over a way that you know already, whether it made this release: signed and not logged is what a " +
			"stolen key looks like."
	case model.UpdatePlaintext:
		h.Now = noHurry
		h.Next = "Note the server and the devices that fetch from it. What was fetched here is what the maker signed."
		h.Later = "Ask the maker for a protected channel, or put a relay in between that checks each file before a device can fetch it."
	default:
		h.Next = "Find out whether this delivery was expected, by whom, and which version the device runs. Keep the capture and the " +
			"file. Hold devices that are on the shelf there until it is clear."
		h.Later = "Ask the maker whether the file is its own. If it is, fetch the maker's releases again or vouch for the file; if nobody " +
			"knows it, find out what the server is and what else it could reach."
	}
	return h
}
