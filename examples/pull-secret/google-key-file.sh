#!/bin/sh -eu
# Google Artifact Registry with a service account's key, in kubectl's current namespace, for where
# no keyless way is to be had. The key lives until it is deleted, and everybody who can read the
# Secret has it: give its account roles/artifactregistry.reader on that repository and nothing else.
#
#   google-key-file.sh KEY.json
key=${1:?usage: google-key-file.sh KEY.json}
registry=europe-docker.pkg.dev
pullpass secret regcred --registry "$registry" --google-key-file "$key" | kubectl apply -f -
