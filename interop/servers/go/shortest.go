package main

import (
	"io"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		io.WriteString(w, "hello\n")
		w.Header().Set("X-Sum", "1")
	})
	panic(http.ListenAndServeTLS("localhost:8443", "cert.pem", "key.pem", nil))
}
