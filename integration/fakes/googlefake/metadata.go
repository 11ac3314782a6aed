package googlefake

import (
	"net/http"
	"strings"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

// routeMetadata is the metadata server. It answers nobody who might have been sent to it
// without knowing, nor by way of a proxy.
func (s *Server) routeMetadata(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Metadata-Flavor", "Google")
	w.Header().Set("Server", "Metadata Server for VM")
	switch {
	case r.Header.Get("Metadata-Flavor") != "Google":
		http.Error(w, "Missing Metadata-Flavor:Google header.", http.StatusForbidden)
	case r.Header.Get("X-Forwarded-For") != "":
		http.Error(w, "X-Forwarded-For is not allowed.", http.StatusForbidden)
	case r.URL.Path == "/computeMetadata/v1/instance/service-accounts/default/token":
		s.Do(MetadataToken, w, r, s.metadataToken)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) metadataToken(w http.ResponseWriter, r *http.Request) {
	if s.settings().NoServiceAccount {
		http.NotFound(w, r)
		return
	}
	scopes := strings.FieldsFunc(r.FormValue("scopes"), func(r rune) bool { return r == ',' })
	if len(scopes) == 0 {
		scopes = registryScopes[:1] // those of the instance
	}
	token := s.newToken(NodeAccount, scopes)
	script.JSON(w, http.StatusOK, map[string]any{
		"access_token": token.AccessToken,
		"expires_in":   expiresIn(token),
		"token_type":   "Bearer",
	})
}

func expiresIn(token Token) int {
	return int(time.Until(token.Expires).Round(time.Second).Seconds())
}
