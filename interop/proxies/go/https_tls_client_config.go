package main

import (
	"crypto/tls"
	"crypto/x509"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	origin, err := url.Parse("https://localhost:3000")
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := os.ReadFile("cert.pem")
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	proxy := httputil.NewSingleHostReverseProxy(origin)
	// Without ForceAttemptHTTP2, it speaks HTTP/1.1.
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:8081", proxy)) }()
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:8443", "cert.pem", "key.pem", proxy))
}
