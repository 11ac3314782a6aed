package dockerhub

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/pullpass/pullpass/provider"
	"github.com/pullpass/pullpass/provider/dockerconfig"
)

// Name is the backend's in configs and scopes.
const Name = "dockerhub"

var hosts = [...]provider.Row{
	{Pattern: provider.DockerHubHost, Host: provider.Host{Public: true}},
}

// Backend returns Docker Hub.
func Backend() provider.Backend {
	return provider.Backend{
		Name:  Name,
		Title: "Docker Hub",
		Hosts: hosts[:],
		Fields: []provider.Field{
			{Name: "dockerConfig", Check: provider.CheckPath, Form: provider.PathForm, Excludes: []string{"username", "passwordFile"},
				About: "The config.json of docker login with the login: an absolute path."},
			{Name: "username", Check: checkUsername, Form: "^[^:]*$", Needs: "passwordFile", About: "The user of Docker Hub."},
			{Name: "passwordFile", Check: provider.CheckPath, Form: provider.PathForm, Needs: "username",
				About: "The file with the user's password or access token: an absolute path."},
		},
		New: newProvider,
	}
}

func newProvider(settings provider.Settings, node provider.Node) provider.Provider {
	p := &Provider{
		Username:     settings["username"],
		PasswordFile: settings["passwordFile"],
		DockerConfig: settings["dockerConfig"],
		Helper:       dockerconfig.Programs{Environ: node.Environ, Timeout: dockerconfig.HelperLimit},
		HelperHome:   node.Getenv("HOME"),
		HelperPath:   node.Getenv("PATH"),
		Warn:         node.Warn,
		Hide:         node.Hide,
	}
	if len(settings) == 0 {
		p.DefaultConfigs = defaultConfigs(node)
	}
	return p
}

// defaultConfigs returns the paths of the Docker configurations to search, in this order.
func defaultConfigs(node provider.Node) []string {
	var files []string
	switch dir := node.Getenv("DOCKER_CONFIG"); {
	case filepath.IsAbs(dir):
		files = append(files, filepath.Join(dir, "config.json"))
	case dir != "":
		// It would be below wherever the kubelet was started.
		node.Warn("DOCKER_CONFIG is not an absolute path and is not used")
	}
	files = append(files, filepath.Join(node.ConfigDir, "docker", "config.json"))
	if node.Home != "" {
		files = append(files, filepath.Join(node.Home, ".docker", "config.json"))
	}
	return files
}

func checkUsername(name string) error {
	if strings.Contains(name, ":") {
		return errors.New("must not contain a colon: the registry would take what follows for the password")
	}
	return nil
}
