package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
)

func main() {
	origin, err := url.Parse("http://127.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	// The longest trailer section that it accepts.
	transport.ReadBufferSize = 64 << 10
	proxy := &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(origin)
			request.Out.Header.Set("TE", "trailers")
			// The trailers arrive after the content, in the map of the client's request. Out has a copy.
			request.Out.Trailer = request.In.Trailer
		},
		Transport: transport,
	}
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:8081", proxy)) }()
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:8443", "cert.pem", "key.pem", proxy))
}
