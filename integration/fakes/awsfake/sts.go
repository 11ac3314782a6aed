package awsfake

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pullpass/pullpass/integration/fakes/script"
)

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// assumeRole gives a signed caller the role's credentials, if it knows the external ID.
func (s *Server) assumeRole(w http.ResponseWriter, r *http.Request) {
	params, err := readForm(r)
	if err != nil {
		STSError(http.StatusBadRequest, "MalformedInput", err.Error()).Write(w)
		return
	}
	caller, _, err := s.authenticate(AssumeRole, "sts", r, params)
	if err != nil {
		STSError(http.StatusForbidden, stsCode(err), err.Error()).Write(w)
		return
	}
	arn := params.Get("RoleArn")
	role, exists := s.role(arn)
	if !exists || role.ExternalID != params.Get("ExternalId") {
		STSError(http.StatusForbidden, "AccessDenied",
			"User: "+caller.Principal+" is not authorized to perform: sts:AssumeRole on resource: "+arn).Write(w)
		return
	}
	s.answerSession(w, "AssumeRole", params)
}

// assumeRoleWithWebIdentity gives the role's credentials to whoever has its token; nothing
// is signed.
func (s *Server) assumeRoleWithWebIdentity(w http.ResponseWriter, r *http.Request) {
	params, err := readForm(r)
	if err != nil {
		STSError(http.StatusBadRequest, "MalformedInput", err.Error()).Write(w)
		return
	}
	s.record(Request{Operation: AssumeRoleWithWebIdentity, Host: r.Host, Params: params})
	role, _ := s.role(params.Get("RoleArn"))
	switch {
	case role.WebIdentity == "":
		STSError(http.StatusForbidden, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity").Write(w)
	case role.WebIdentity != params.Get("WebIdentityToken"):
		STSError(http.StatusBadRequest, "InvalidIdentityToken", "the web identity token is not valid").Write(w)
	default:
		s.answerSession(w, "AssumeRoleWithWebIdentity", params)
	}
}

func readForm(r *http.Request) (url.Values, error) {
	body, err := script.Body(r)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(string(body))
}

// answerSession answers with new credentials of the role that the parameters name.
func (s *Server) answerSession(w http.ResponseWriter, operation string, params url.Values) {
	arn := params.Get("RoleArn")
	id := s.newSession(arn[strings.LastIndex(arn, "/")+1:], params.Get("RoleSessionName"))

	type credentials struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string }
	type user struct{ Arn, AssumedRoleId string }
	type result struct {
		XMLName         xml.Name
		Credentials     credentials
		AssumedRoleUser user
	}
	type response struct {
		XMLName xml.Name
		Result  result
	}
	w.Header().Set("Content-Type", "text/xml")
	xml.NewEncoder(w).Encode(response{
		XMLName: xml.Name{Space: stsNamespace, Local: operation + "Response"},
		Result: result{
			XMLName:         xml.Name{Local: operation + "Result"},
			Credentials:     credentials{id.AccessKeyID, id.SecretAccessKey, id.SessionToken, id.Expires.UTC().Format(time.RFC3339)},
			AssumedRoleUser: user{Arn: id.Principal, AssumedRoleId: id.AccessKeyID},
		},
	})
}

// STSError orders an error in the form of STS, such as 403 AccessDenied.
func STSError(status int, code, message string) script.Order {
	type stsError struct{ Type, Code, Message string }
	type response struct {
		XMLName xml.Name
		Error   stsError
	}
	body, _ := xml.Marshal(response{ // strings only
		XMLName: xml.Name{Space: stsNamespace, Local: "ErrorResponse"},
		Error:   stsError{"Sender", code, message},
	})
	return script.Fail(status, string(body))
}

func stsCode(err error) string {
	switch err {
	case errUnsigned:
		return "MissingAuthenticationToken"
	case errExpired:
		return "ExpiredToken"
	case errSignature:
		return "SignatureDoesNotMatch"
	}
	return "InvalidClientTokenId"
}
