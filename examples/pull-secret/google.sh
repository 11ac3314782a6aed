#!/bin/sh -eu
# Google Artifact Registry without a key: a pull secret from the Google identity that is here, such
# as that of gcloud auth application-default login, in kubectl's current namespace. It is good for
# an hour at most; ../rotation keeps one fresh.
registry=europe-docker.pkg.dev
pullpass secret regcred --registry "$registry" | kubectl apply -f -
