#!/bin/sh -eu
# Writes a pull secret and attaches it to the service account "default" of a namespace, whose pods
# then need no imagePullSecrets of their own; those that are there already are not changed.
#
#   attach-default.sh NAMESPACE
#
# The account keeps the pull secrets that it has: the manifest holds them all, so that --force-conflicts
# takes none away, and it is refused if the account has changed meanwhile. With a field manager of our
# own, what others apply to the account later leaves the list alone.
namespace=${1:?usage: attach-default.sh NAMESPACE}
registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com
kubectl get serviceaccount default -n "$namespace" -o yaml |
  pullpass secret regcred --registry "$registry" -n "$namespace" \
    --service-account default --service-account-file - |
  kubectl apply --server-side --force-conflicts --field-manager=pullpass -f -
