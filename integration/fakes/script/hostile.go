package script

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// Canary is in the hostile answers: nothing of them may be shown.
const Canary = "hostile-canary"

// Hostile returns orders whose answers cost a client memory or time that it does not guard, by what they are. The
// bodies that are as expensive to decode as can be are nearly as long as pullpass takes them, and much longer.
func Hostile() map[string]Order {
	orders := map[string]Order{
		"endless header":            endless(status(200), "X-Canary: "+Canary),
		"endless headers":           endless(status(200), "X-Canary: "+Canary+"\r\n"),
		"endless status":            endless("HTTP/1.1 200 ", Canary),
		"endless 1xx":               endless("", "HTTP/1.1 103 Early Hints\r\nLink: "+Canary+"\r\n\r\n"),
		"no HTTP":                   endless("", Canary),
		"endless chunk extension":   endless(chunked+"5;", "x="+Canary),
		"endless chunk extensions":  endless(chunked, "1;x="+strings.Repeat(Canary, 100)+"\r\n \r\n"),
		"endless trailer":           endless(chunked+"1\r\n{\r\n0\r\n", "X-Canary: "+Canary+"\r\n"),
		"long length, then nothing": endless(status(200)+"Content-Length: 1000000000000\r\n\r\n", ""),
		"protocol changed":          endless("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", Canary),
	}
	for _, code := range []int{200, 400, 500} {
		add := func(name string, order Order) { orders[fmt.Sprintf("%d, %s", code, name)] = order }
		head := status(code)
		add("endless body", endless(head+"\r\n", " "+Canary))
		add("endless JSON", endless(head+"\r\n{\"access_token\":\"", Canary))
		add("endless XML", endless(head+"\r\n<a><b>", Canary))
		add("endless white space", endless(head+"\r\n", "\n"))
		add("endless body with a length", endless(head+"Content-Length: 1000000000000\r\n\r\n", Canary))
		add("endless chunks", endless(head+"Transfer-Encoding: chunked\r\n\r\n", fmt.Sprintf("%x\r\n%s\r\n", len(Canary), Canary)))
		add("gzip bomb", once(head+"Content-Encoding: gzip\r\n\r\n", bomb()))
		for name, body := range expensive(128 << 10) {
			add("128 KiB of "+name, once(head+"\r\n", []byte(body)))
		}
	}
	for name, body := range expensive(1 << 20) {
		orders["1 MiB of "+name] = once(status(200)+"\r\n", []byte(body))
	}
	return orders
}

// expensive returns bodies of nearly this length that are as expensive to decode as can be.
func expensive(length int) map[string]string {
	list := func(begin, element, end string) string {
		n := (length - len(begin) - len(end)) / len(element)
		return begin + strings.TrimSuffix(strings.Repeat(element, n), ",") + end
	}
	return map[string]string{
		"objects":              list("[", "{},", "]"),
		"objects as an error":  list(`{"Error":[`, `{},`, `]}`),
		"objects as a code":    list(`{"__type":[`, `{},`, `]}`),
		"objects as tokens":    list(`{"authorizationData":[`, `{},`, `]}`),
		"names":                names(length),
		"lists in lists":       list("", "[", ""),
		"objects in objects":   list("", `{"a":`, ""),
		"elements":             list("<a>", "<b/>", "</a>"),
		"elements in elements": list("", "<a>", ""),
		"attributes":           list("<a ", `b="" `, "/>"),
		"escapes":              list(`{"access_token":"`, `\u0000`, `"}`),
		"digits":               list(`{"expiresAt":`, "9", "}"),
	}
}

// Trickle orders an answer of a byte a second.
func Trickle() Order {
	return Order{Raw: func(conn net.Conn) {
		_, err := io.WriteString(conn, status(200)+"\r\n{")
		for err == nil {
			time.Sleep(time.Second)
			_, err = io.WriteString(conn, " ")
		}
	}}
}

// chunked begins an answer in chunks.
var chunked = status(200) + "Transfer-Encoding: chunked\r\n\r\n"

// status begins an answer with what the fakes have in theirs, so that it is not refused for the lack of it.
func status(code int) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nMetadata-Flavor: Google\r\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 300\r\n", code, Canary)
}

// endless orders an answer that goes on with rest until the client has gone, or with nothing.
func endless(begin, rest string) Order {
	block := []byte(strings.Repeat(rest, 1+(64<<10)/max(1, len(rest))))
	return Order{Raw: func(conn net.Conn) {
		_, err := io.WriteString(conn, begin)
		for err == nil {
			if len(block) == 0 {
				_, err = conn.Read(make([]byte, 1))
			} else {
				_, err = conn.Write(block)
			}
		}
	}}
}

// once orders an answer of this head and body.
func once(head string, body []byte) Order {
	return Order{Raw: func(conn net.Conn) {
		io.WriteString(conn, head)
		conn.Write(body)
	}}
}

// names returns an object of at most this length with as many names as it has room for.
func names(length int) string {
	var text strings.Builder
	text.WriteString(`{"a":0`)
	for i := 0; text.Len() < length-20; i++ {
		fmt.Fprintf(&text, `,"%x":[]`, i)
	}
	text.WriteString("}")
	return text.String()
}

// bomb returns half a megabyte of gzip that expands to 512 MiB.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range 512 {
		writer.Write(block)
	}
	writer.Close()
	return packed.Bytes()
})
