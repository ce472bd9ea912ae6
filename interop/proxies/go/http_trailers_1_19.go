package main

import (
	"context"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// The key of the request trailers in a context.
type trailers struct{}

func main() {
	origin, err := url.Parse("http://127.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// The longest trailer section that it accepts.
	transport.ReadBufferSize = 64 << 10
	proxy := httputil.NewSingleHostReverseProxy(origin)
	proxy.Transport = transport
	direct := proxy.Director
	proxy.Director = func(request *http.Request) {
		direct(request)
		// The trailers arrive after the content, in the map of the client's request. This request has a copy.
		request.Trailer = request.Context().Value(trailers{}).(http.Header)
	}
	handler := http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		request.Header.Set("TE", "trailers")
		with := context.WithValue(request.Context(), trailers{}, request.Trailer)
		proxy.ServeHTTP(writer, request.WithContext(with))
	})
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:8081", handler)) }()
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:8443", "cert.pem", "key.pem", handler))
}
