#!/bin/sh -eu
# Amazon ECR: a pull secret from the AWS identity that is here, in kubectl's current namespace.
# It is good for 12 h; ../rotation keeps one fresh.
registry=123456789012.dkr.ecr.eu-central-1.amazonaws.com
pullpass secret regcred --registry "$registry" | kubectl apply -f -
