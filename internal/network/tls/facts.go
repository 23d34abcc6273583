package tls

// Facts is what a connection said in clear. Of arrays the index is a side, as the caller numbers them. What is
// zero was not said, or not seen: Partial tells.
type Facts struct {
	Client int // side that sent the ClientHello; -1 when no hello was seen

	ClientHello bool // it was read
	Legacy      bool // in the format of SSL 2 (RFC 5246 appendix E.2)
	SNI         string
	ECH         bool      // an encrypted hello was offered or imitated (RFC 9849): SNI may be a front
	ALPNOffered []string  // by the client, in its order
	Offered     []Version // versions, in the client's order
	Groups      []Group   // supported groups, likewise, without GREASE (RFC 8701)
	KeyShares   []Group   // groups of the client's key shares, likewise
	JA4         string    // fingerprint of the client; empty when the hello has another format or was not read
	ServerHello bool      // it was read
	Retried     bool      // the server asked for another hello
	Version     Version   // chosen
	Cipher      Cipher    // chosen
	Group       Group     // of the key exchange
	ALPN        string    // chosen, where it is not encrypted
	Chains      [2]Chain  // certificates sent, where they are not encrypted
	Alert       [2]Alert  // first plain alert sent
	App         [2]int64  // bytes of application data sent, as encrypted; in TLS 1.3 parts of the handshake too
	Inexact     [2]bool   // App is a lower bound
	Broken      [2]bool   // a record cannot be one: nothing was read behind it
	Partial     bool      // something said in clear was missing or could not be read
}

// Alert is the description of an alert.
type Alert struct {
	Seen bool
	Code uint8
}

// reset empties f and keeps its lists' room.
func (f *Facts) reset() {
	*f = Facts{
		Client: -1, ALPNOffered: f.ALPNOffered[:0], Offered: f.Offered[:0], Groups: f.Groups[:0], KeyShares: f.KeyShares[:0],
		Chains: [2]Chain{{List: f.Chains[0].List[:0]}, {List: f.Chains[1].List[:0]}},
	}
}

// is13 reports whether the server has chosen TLS 1.3 or a draft of it.
func (f *Facts) is13() bool {
	return f.Version == TLS13 || f.Version>>8 == 0x7f
}

// Facts returns what is known so far, valid until the connection is made anew; nil when nothing shows that it
// is TLS.
func (c *Conn) Facts() *Facts {
	if !c.known || c.refused {
		return nil
	}
	return &c.facts
}

// Seen turns the facts so that side becomes side 0.
func (f *Facts) Seen(side int) *Facts {
	if side == 1 {
		f.Chains[0], f.Chains[1] = f.Chains[1], f.Chains[0]
		f.Alert[0], f.Alert[1] = f.Alert[1], f.Alert[0]
		f.App[0], f.App[1] = f.App[1], f.App[0]
		f.Inexact[0], f.Inexact[1] = f.Inexact[1], f.Inexact[0]
		f.Broken[0], f.Broken[1] = f.Broken[1], f.Broken[0]
		if f.Client >= 0 {
			f.Client ^= 1
		}
	}
	return f
}
