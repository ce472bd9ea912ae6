// One exchange with Go's net/http.
package main

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"sort"
	"strings"
)

// Defined in ../../table/exchange.py.
type exchange struct {
	Status   *int        `json:"status"`
	Length   int         `json:"length"`
	Sha256   []byte      `json:"sha256"`
	Text     string      `json:"text"`
	Trailers [][2]string `json:"trailers"`
	Error    *string     `json:"error"`
	Names    []string    `json:"names"`
}

func main() {
	target, protocol, options := os.Args[1], os.Args[2], strings.Join(os.Args[3:], " ")
	request, err := http.NewRequest("GET", target, nil)
	if err != nil {
		panic(err)
	}
	if strings.Contains(options, "--te") {
		request.Header.Set("TE", "trailers")
	}
	if strings.Contains(options, "--trailer") {
		request.Method = "POST"
		// A reader of unknown length makes the coding chunked over HTTP/1.1.
		request.Body = io.NopCloser(struct{ io.Reader }{strings.NewReader("hello")})
		request.Trailer = http.Header{"X-Sum": {"1"}}
	}
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if protocol == "HTTP/1.1" {
		transport = &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	}
	told := exchange{Trailers: [][2]string{}, Names: names(http.Request{}, http.Response{}, http.Transport{})}
	var content []byte
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err == nil {
		told.Status = &response.StatusCode
		content, err = io.ReadAll(response.Body)
		for name, values := range response.Trailer {
			for _, value := range values {
				told.Trailers = append(told.Trailers, [2]string{strings.ToLower(name), value})
			}
		}
	}
	if err != nil {
		// It contains an address that differs between runs.
		if of, is := err.(*url.Error); is {
			err = of.Err
		}
		text := err.Error()
		told.Error = &text
	}
	digest := sha256.Sum256(content)
	told.Length, told.Sha256, told.Text = len(content), digest[:], string(content[:min(len(content), 4096)])
	json.NewEncoder(os.Stdout).Encode(told)
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// Members of structures with `Trail` in their names.
func names(owners ...any) []string {
	found := []string{}
	for _, owner := range owners {
		kind := reflect.TypeOf(owner)
		for i := 0; i < kind.NumField(); i++ {
			if field := kind.Field(i); field.IsExported() && strings.Contains(field.Name, "Trail") {
				found = append(found, kind.Name()+"."+field.Name)
			}
		}
	}
	sort.Strings(found)
	return found
}
