#!/bin/sh -eu
# Docker Hub: a pull secret from an access token, in kubectl's current namespace.
#
#   docker-hub.sh USER < FILE     with the token in a file
#   docker-hub.sh USER            asks for the token, without echo
#
# USER is a Docker ID for a personal access token, and the organisation for an organisation's.
# Give the token the right to read only. It lives until it is revoked: no rotation is needed.
user=${1:?usage: docker-hub.sh USER}
pullpass secret regcred --registry docker.io --username "$user" --password-stdin | kubectl apply -f -
