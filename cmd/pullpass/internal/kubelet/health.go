package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

const (
	// The kubelet's defaults, k8s.io/kubelet/config/v1beta1.
	healthPort    = 10248
	healthAddress = "127.0.0.1"

	// healthTimeout is for one question.
	healthTimeout = 5 * time.Second
	// maxAnswer is what is read of an answer, which is "ok" or a few lines of checks.
	maxAnswer = 64 << 10 // bytes

	// k3sConfig is where k3s gives its kubelet the configuration, with the default data folder.
	k3sConfig = "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d"
)

// HealthURL is where the kubelet tells whether it is well, from its flags and the configuration
// files that these name, in files, which is the root of the machine: http://127.0.0.1:10248/healthz
// by default; "" if it is turned off. A file that cannot be read counts as one that says nothing.
func (p Process) HealthURL(files fs.FS) string {
	where := health{Port: healthPort, Address: healthAddress}
	if name, ok := p.Flag("config"); ok {
		where.read(files, name)
	}
	folder, ok := p.Flag("config-dir")
	if p.Name() == "k3s" {
		folder, ok = k3sConfig, true
	}
	if ok {
		for _, name := range dropIns(files, folder) {
			where.read(files, name)
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
	return where.url()
}

// health has the settings of a KubeletConfiguration that say where it answers.
type health struct {
	Port    int    `yaml:"healthzPort"`
	Address string `yaml:"healthzBindAddress"`
}

// read takes over what the file, YAML or JSON, says. The rest stays as it is.
func (h *health) read(files fs.FS, name string) {
	data, err := fs.ReadFile(files, inFS(name))
	if err != nil {
		return
	}
	said := *h
	if yaml.Unmarshal(data, &said) == nil {
		*h = said
	}
}

// url is "" for port 0. Where it answers on all addresses, it is asked by the loopback one.
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

// dropIns returns the files that the kubelet reads below the folder of --config-dir, in its order.
func dropIns(files fs.FS, folder string) []string {
	var names []string
	_ = fs.WalkDir(files, inFS(folder), func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == ".conf" {
			names = append(names, name)
		}
		return nil // what cannot be read says nothing
	})
	return names
}

// inFS is a path of the machine as package fs has it.
func inFS(name string) string {
	if name = strings.TrimPrefix(path.Clean("/"+name), "/"); name != "" {
		return name
	}
	return "."
}

// Healthy asks the kubelet at url, of HealthURL, once. The error says why it is not well.
func Healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask the kubelet: %w", err)
	}
	transport := &http.Transport{Proxy: nil, DisableKeepAlives: true}
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
		return errors.New("the kubelet at " + url + " answers " + response.Status)
	}
	return nil
}
