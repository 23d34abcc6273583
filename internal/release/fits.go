package release

import (
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// Names reports whether a release that stands, of the product's own maker, is for the product. Only then
// is a device that the list calls so certain to be it: the list is typed by people, and "Pump 7" of
// "Acme GmbH" is no product of acme until acme calls one so.
func (b *Book) Names(product model.Subject) bool {
	return slices.ContainsFunc(b.byProduct[product], (*Release).Stands)
}

// fit says whether what is for a product is for this device. The same subject fits. Another one does not
// fit a device whose own product is certain; where only a list's spelling says what the device is, nobody
// knows.
func (c *judging) fit(p model.Subject) model.Fit {
	switch {
	case c.d.Product.IsZero() || p.IsZero():
		return model.FitUnknown
	case c.d.Product == p:
		return model.Fits
	case c.book.Names(c.d.Product):
		return model.FitsNot
	}
	return model.FitUnknown
}

// fits reports whether what is for a product can be for this device. What is not known fits.
func (c *judging) fits(p model.Subject) bool { return c.fit(p) != model.FitsNot }

// sayFit writes down whether the release that was named fits, and why that is not known of a listed
// device.
func (c *judging) sayFit() {
	c.j.Fits = model.FitUnknown
	if c.j.Release.IsZero() {
		return
	}
	c.j.Fits = c.fit(c.j.Product)
	if c.j.Fits != model.FitUnknown || !c.d.Listed {
		return
	}
	if c.d.Product.IsZero() {
		c.why("the device list does not say which product this device is, so whether %s fits it is not known", c.j.Release)
		return
	}
	c.why("no release that this house holds names %s, as which this device is listed, so whether %s fits it is not known",
		c.d.Product, c.j.Release)
}
