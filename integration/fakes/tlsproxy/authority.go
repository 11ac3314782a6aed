package tlsproxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// An authority issues certificates for any host.
type authority struct {
	key  *ecdsa.PrivateKey
	root *x509.Certificate
	pem  []byte

	mu     sync.Mutex
	issued map[string]*tls.Certificate
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "pullpass integration tests"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &authority{
		key:    key,
		root:   certificate,
		pem:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		issued: map[string]*tls.Certificate{},
	}, nil
}

// certificate returns the certificate of host, a name or an IP address with or without a port.
func (a *authority) certificate(host string) (*tls.Certificate, error) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if certificate, ok := a.issued[host]; ok {
		return certificate, nil
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: host},
		NotBefore:   a.root.NotBefore,
		NotAfter:    a.root.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	a.issued[host] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return a.issued[host], nil
}

// writeTemp writes a new temporary file and returns its path.
func writeTemp(content []byte) (string, error) {
	file, err := os.CreateTemp("", "pullpass-ca-*.pem")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}
