package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	http.HandleFunc("/trailers", func(w http.ResponseWriter, r *http.Request) {
		digest := hello(w)
		w.Header().Set(http.TrailerPrefix+"Content-Digest", digest)
		w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
	})
	http.HandleFunc("/announced", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Content-Digest, X-Sum")
		digest := hello(w)
		w.Header().Set("Content-Digest", digest)
		w.Header().Set("X-Sum", "1")
	})
	http.HandleFunc("/inspect", inspect)
	http.HandleFunc("/panics", func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		panic("the handler died")
	})
	http.HandleFunc("/aborts", func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		panic(http.ErrAbortHandler)
	})
	http.HandleFunc("/returns", func(w http.ResponseWriter, r *http.Request) {
		begin(w)
	})
	http.HandleFunc("/exits", func(w http.ResponseWriter, r *http.Request) {
		begin(w)
		os.Exit(3)
	})
	panic(http.ListenAndServeTLS("localhost:8443", "cert.pem", "key.pem", nil))
}

// hello sends the content, and returns its digest.
func hello(w http.ResponseWriter) string {
	hash := sha256.New()
	io.WriteString(io.MultiWriter(w, hash), "hello\n")
	return "sha-256=:" + base64.StdEncoding.EncodeToString(hash.Sum(nil)) + ":"
}

func inspect(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(err)
	}
	for name, values := range r.Trailer {
		for _, value := range values {
			fmt.Fprintf(w, "%s: %s\n", strings.ToLower(name), value)
		}
	}
}

// begin sends the first 2 KiB of a response that announces a trailer.
func begin(w http.ResponseWriter) {
	w.Header().Set("Trailer", "X-Sum")
	io.WriteString(w, strings.Repeat("hello, hello, hello, hello, he\n\n", 64))
	w.(http.Flusher).Flush()
}
