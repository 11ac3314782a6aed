#!/bin/sh -eu
# One pull secret for many registries: ECR in two regions, Artifact Registry and Docker Hub, in
# kubectl's current namespace. If one of them gives no credential, nothing is applied.
#
#   merged.sh USER TOKEN-FILE     the login of Docker Hub
user=${1:?usage: merged.sh USER TOKEN-FILE}
token=${2:?usage: merged.sh USER TOKEN-FILE}
account=123456789012
pullpass secret regcred \
  --registry "$account.dkr.ecr.eu-central-1.amazonaws.com" \
  --registry "$account.dkr.ecr.us-east-1.amazonaws.com" \
  --registry europe-docker.pkg.dev \
  --registry docker.io --username "$user" --password-file "$token" |
  kubectl apply -f -
