package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// issuer hands out server certificates for whatever name a client asks for, under one authority that lives
// as long as the capture is made. Its keys are random: TLS is not repeatable byte for byte.
type issuer struct {
	at time.Time

	mu     sync.Mutex // guards all below
	root   *x509.Certificate
	key    *ecdsa.PrivateKey
	leaves map[string]*tls.Certificate
	pool   *x509.CertPool
	serial int64 // of the certificate that was made last
}

// Authority certifies the servers of several captures, as one that lives for years does.
type Authority struct{ issuer *issuer }

// NewAuthority returns an authority whose clock says at: its certificates hold from a year before to a
// year after.
func NewAuthority(at time.Time) *Authority { return &Authority{&issuer{at: at}} }

// Renew makes every server show a new certificate, with a new key, from now on.
func (a *Authority) Renew() {
	a.issuer.mu.Lock()
	defer a.issuer.mu.Unlock()
	clear(a.issuer.leaves)
}

// server returns the configuration of a server. No tickets: they would be sent while the client already
// speaks, and the order would differ from run to run.
func (i *issuer) server() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		Time:                   func() time.Time { return i.at },
		NextProtos:             []string{"http/1.1"},
		SessionTicketsDisabled: true,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			return i.leaf(hello.ServerName)
		},
	}
}

// client returns the configuration of a client that speaks exactly one version.
func (i *issuer) client(version uint16) *tls.Config {
	pool, err := i.roots()
	if err != nil {
		pool = x509.NewCertPool() // the handshake fails and says why
	}
	return &tls.Config{
		RootCAs: pool, MinVersion: tls.VersionTLS12, MaxVersion: version,
		Time: func() time.Time { return i.at }, NextProtos: []string{"http/1.1"},
	}
}

func (i *issuer) roots() (*x509.CertPool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.pool, i.found()
}

// found makes the authority unless it is there. It needs the lock.
func (i *issuer) found() error {
	if i.root != nil {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	tmpl := i.template("Ward Lab Root")
	tmpl.IsCA, tmpl.BasicConstraintsValid, tmpl.KeyUsage = true, true, x509.KeyUsageCertSign
	root, err := sign(tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		return err
	}
	i.root, i.key, i.leaves, i.pool = root, key, map[string]*tls.Certificate{}, x509.NewCertPool()
	i.pool.AddCert(root)
	return nil
}

// leaf returns the certificate of a name, made when it is first asked for.
func (i *issuer) leaf(name string) (*tls.Certificate, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.found(); err != nil {
		return nil, err
	}
	if c := i.leaves[name]; c != nil {
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	tmpl := i.template(name)
	tmpl.DNSNames, tmpl.KeyUsage = []string{name}, x509.KeyUsageDigitalSignature
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	cert, err := sign(tmpl, i.root, &key.PublicKey, i.key)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{cert.Raw, i.root.Raw}, PrivateKey: key, Leaf: cert}
	i.leaves[name] = c
	return c, nil
}

// template needs the lock.
func (i *issuer) template(name string) *x509.Certificate {
	i.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(i.serial),
		Subject:      pkix.Name{Organization: []string{"Cordon Lab"}, CommonName: name},
		NotBefore:    i.at.AddDate(-1, 0, 0), NotAfter: i.at.AddDate(1, 0, 0),
	}
}

func sign(tmpl, parent *x509.Certificate, key *ecdsa.PublicKey, with *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key, with)
	if err != nil {
		return nil, fmt.Errorf("certificate of %q: %w", tmpl.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}
