package kubelet

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/pullpass/pullpass/cmd/internal/strictyaml"
	"github.com/pullpass/pullpass/cmd/pullpass/internal/rootfs"
	"github.com/pullpass/pullpass/provider/safefile"
)

const (
	// The kubelet's defaults, k8s.io/kubelet/config/v1beta1.
	healthPort    = 10248
	healthAddress = "127.0.0.1"

	// healthTimeout is the time for one request.
	healthTimeout = 5 * time.Second
	// maxAnswer is how much of an answer's head and of its body is read. It is "ok" or a few lines of checks.
	maxAnswer = 64 << 10 // bytes
)

// HealthURL returns the URL of the kubelet's health check, http://127.0.0.1:10248/healthz by default; ""
// if it is turned off. The port and the address are in the kubelet's flags and in its configuration
// files. files is the root of the machine. configDir is the directory with the configuration of a
// kubelet whose flags do not name one, "" for none. Files that are missing, or whose content is not
// understood, are ignored. Other errors are those of rootfs.Root.ReadFile.
func (p Process) HealthURL(files rootfs.Root, configDir string) (string, error) {
	var names []string
	if name, ok := p.Flag("config"); ok {
		names = append(names, name)
	}
	if name, ok := p.Flag("config-dir"); ok && configDir == "" {
		configDir = name
	}
	if configDir != "" {
		names = append(names, dropIns(files, configDir)...)
	}
	where := health{Port: healthPort, Address: healthAddress}
	for _, name := range names {
		if err := where.read(files, name); err != nil {
			return "", err
		}
	}
	if value, ok := p.Flag("healthz-port"); ok {
		if port, err := strconv.Atoi(value); err == nil {
			where.Port = port
		}
	}
	if value, ok := p.Flag("healthz-bind-address"); ok {
		where.Address = value
	}
	return where.url(), nil
}

// health has the fields of a KubeletConfiguration for the health check.
type health struct {
	Port    int    `yaml:"healthzPort"`
	Address string `yaml:"healthzBindAddress"`
}

// read sets the fields that are in the file, which is YAML or JSON.
func (h *health) read(files rootfs.Root, name string) error {
	data, err := files.ReadFile(name)
	if safefile.IsMissing(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the kubelet's health check: %w", err)
	}
	changed := *h
	if strictyaml.Unmarshal(data, &changed) == nil {
		*h = changed
	}
	return nil
}

// url returns the URL, "" for port 0. If the kubelet listens on all addresses, it is the loopback one.
func (h health) url() string {
	if h.Port == 0 {
		return ""
	}
	host := h.Address
	if host == "" {
		host = healthAddress
	}
	if address, err := netip.ParseAddr(host); err == nil && address.IsUnspecified() {
		host = "127.0.0.1"
		if address.Is6() {
			host = "::1"
		}
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(h.Port)) + "/healthz"
}

// dropIns returns the files that the kubelet reads below the directory of --config-dir, in its order.
func dropIns(files rootfs.Root, directory string) []string {
	return slices.DeleteFunc(files.FilesBelow(directory), func(name string) bool { return path.Ext(name) != ".conf" })
}

// Healthy asks the kubelet once at url, which is from HealthURL. The error says why it is not healthy.
func Healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask the kubelet: %w", err)
	}
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxAnswer}
	client := http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the kubelet: %w", err) // which names method and URL
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)); err != nil {
		return fmt.Errorf("ask the kubelet at %s: %w", url, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the kubelet at %s answers %d %s", url, response.StatusCode, http.StatusText(response.StatusCode))
	}
	return nil
}
