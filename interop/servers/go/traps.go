package main

import (
	"io"
	"net/http"
)

func main() {
	http.HandleFunc("/unannounced", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello\n")
		w.Header().Set("X-Sum", "1")
	})
	http.HandleFunc("/prefix", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello\n")
		w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
	})
	http.HandleFunc("/length", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.Header().Set("Content-Length", "6")
		io.WriteString(w, "hello\n")
		w.Header().Set("X-Sum", "1")
	})
	panic(http.ListenAndServeTLS("localhost:8443", "cert.pem", "key.pem", nil))
}
