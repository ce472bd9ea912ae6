// The benchmark's peer in Go: net/http with its defaults, over HTTP/2 and HTTP/1.1.
package main

import (
	"crypto/tls"
	"encoding/binary"
	"flag"
	"log"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	chunk          = 64 * 1024
	clockMonotonic = 1
)

var buffer = make([]byte, chunk)

func main() {
	listen := flag.String("listen", "", "the address")
	certificate := flag.String("cert", "", "a PEM file")
	key := flag.String("key", "", "a PEM file")
	flag.Parse()

	http.HandleFunc("/small", small)
	http.HandleFunc("/plain", plain)
	http.HandleFunc("/big/", numbered("/big/", big))
	http.HandleFunc("/paced/", numbered("/paced/", paced))
	server := &http.Server{
		Addr: *listen,
		TLSConfig: &tls.Config{
			MinVersion:       tls.VersionTLS13,
			CurvePreferences: []tls.CurveID{tls.X25519},
		},
	}
	log.Fatal(server.ListenAndServeTLS(*certificate, *key))
}

func small(response http.ResponseWriter, _ *http.Request) {
	begin(response, "text/plain")
	if twoChunks(response) == nil {
		finish(response)
	}
}

// The same body without a trailer.
func plain(response http.ResponseWriter, _ *http.Request) {
	response.Header().Set("Content-Type", "text/plain")
	twoChunks(response)
}

func twoChunks(response http.ResponseWriter) error {
	if _, err := response.Write([]byte("hello...")); err != nil {
		return err
	}
	response.(http.Flusher).Flush()
	_, err := response.Write([]byte("world\n"))
	return err
}

func big(response http.ResponseWriter, bytes int64) {
	begin(response, "application/octet-stream")
	for bytes > 0 {
		next := buffer
		if bytes < chunk {
			next = buffer[:bytes]
		}
		if _, err := response.Write(next); err != nil {
			return
		}
		bytes -= int64(len(next))
	}
	finish(response)
}

func paced(response http.ResponseWriter, chunks int64) {
	begin(response, "application/octet-stream")
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	var sent [8]byte
	for ; chunks > 0; chunks-- {
		<-ticker.C
		binary.BigEndian.PutUint64(sent[:], now())
		if _, err := response.Write(sent[:]); err != nil {
			return
		}
		response.(http.Flusher).Flush()
	}
	finish(response)
}

// The client compares it with its own clock; the base of time.Now differs between processes.
func now() uint64 {
	var now syscall.Timespec
	_, _, failed := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	if failed != 0 {
		log.Fatal(failed)
	}
	return uint64(now.Nano())
}

func begin(response http.ResponseWriter, contentType string) {
	response.Header().Set("Content-Type", contentType)
	response.Header().Set("Trailer", "Chunky-Trailer")
}

func finish(response http.ResponseWriter) {
	response.Header().Set("Chunky-Trailer", "foo")
}

func numbered(prefix string, handle func(http.ResponseWriter, int64)) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		number, err := strconv.ParseInt(strings.TrimPrefix(request.URL.Path, prefix), 10, 64)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		handle(response, number)
	}
}
