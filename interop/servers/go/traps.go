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
	http.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		http.ServeFile(w, r, "cert.pem")
		w.Header().Set("X-Sum", "1")
	})
	panic(http.ListenAndServeTLS("localhost:8443", "cert.pem", "key.pem", nil))
}
