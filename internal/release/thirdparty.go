package release

import "github.com/cordon-trust/cordon/internal/model"

// ThirdParties names the publisher whose downloads are expected from a host under a file name, and the
// list that says so, dated and with how far it was checked. It proves nothing about who served the bytes.
type ThirdParties func(host, name string) (publisher, list string, ok bool)

// SetThirdParties says whom the book asks; nil knows nobody.
func (b *Book) SetThirdParties(ask ThirdParties) { b.parties = ask }

// from is the server name that the bytes came from, or "". What a client sent up went to that server: its
// name says nothing of who made the bytes.
func (c *judging) from() string {
	if c.t.Upload {
		return ""
	}
	return c.t.Host
}

// party asks once for the publisher of the host that sent the transfer.
func (c *judging) party() (publisher, list string, ok bool) {
	host := c.from()
	if c.book.parties == nil || host == "" {
		return "", "", false
	}
	if !c.asked {
		c.asked = true
		c.sender.publisher, c.sender.list, c.sender.ok = c.book.parties(host, c.t.Name)
	}
	return c.sender.publisher, c.sender.list, c.sender.ok
}

// thirdParty holds for what is known by its host's name only, where that is excuse enough.
func (c *judging) thirdParty() bool {
	who, list, ok := c.party()
	if !ok || c.noExcuse() != "" {
		return false
	}
	c.j.Verdict, c.j.Publisher = model.ThirdParty, who
	c.why("the host %q is known as %s, by name only (%s): nothing proves who served these bytes", c.t.Host, who, list)
	return true
}

// noExcuse says why a host's name excuses nothing here; "" when it does.
func (c *judging) noExcuse() string {
	switch {
	case len(c.releases) > 0 || len(c.vouches) > 0 || c.likest() != nil || c.declared() != nil:
		return "what it sent resembles a release"
	case len(c.book.byHost[c.from()]) > 0:
		return "releases name the same host"
	case !c.d.Listed:
		return "the device is not listed, so it may be an endpoint"
	}
	switch c.d.Role {
	case model.Workstation, model.Server, model.ServiceLaptop:
		return ""
	case "":
		return "the device is taken for an endpoint"
	}
	return "the device is listed as " + string(c.d.Role)
}

// sayParty adds that a host is known though its name excused nothing.
func (c *judging) sayParty() {
	switch c.j.Verdict {
	case model.Unknown, model.Altered, model.Incomplete, model.CannotSee:
	default:
		return
	}
	who, list, ok := c.party()
	if !ok {
		return
	}
	if not := c.noExcuse(); not != "" {
		c.why("the host %q is known as %s, by name only (%s), which excuses nothing here: %s", c.t.Host, who, list, not)
		return
	}
	c.why("the host %q is known as %s, by name only (%s)", c.t.Host, who, list)
}
