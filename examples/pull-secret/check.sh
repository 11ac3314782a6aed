#!/bin/sh -eu
# Diagnoses a Secret, and shows which of its entries the kubelet would use for an image.
#
#   check.sh SECRET IMAGE
secret=${1:?usage: check.sh SECRET IMAGE}
image=${2:?usage: check.sh SECRET IMAGE}
kubectl get secret "$secret" -o yaml | pullpass secret check - --image "$image"
