package script

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// A Server serves a fake on a loopback port of its own. Its Script takes the orders.
type Server struct {
	*Script
	// Address is the host:port that it listens at, URL the same as an http URL without a
	// slash at its end.
	Address, URL string
	// Handler is the fake itself, for others that route requests to it.
	Handler http.Handler

	http  *http.Server
	close sync.Once
}

// Serve starts to serve handler, whose operations follow the script.
func Serve(script *Script, handler http.Handler) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		Script:  script,
		Address: listener.Addr().String(),
		URL:     "http://" + listener.Addr().String(),
		Handler: handler,
		http:    &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)},
	}
	go s.http.Serve(listener)
	return s, nil
}

// Close breaks off all calls, those ordered to hang as well, and frees the port.
func (s *Server) Close() error {
	var err error
	s.close.Do(func() {
		close(s.Script.closed)
		err = s.http.Close()
	})
	return err
}

// JSON answers with v as a JSON document.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// Body reads the request's body and leaves it to be read again.
func Body(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}
