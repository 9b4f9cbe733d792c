//go:build tools

// Package kustomize pins the version of the kustomize program that is built from this module.
package kustomize

import _ "sigs.k8s.io/kustomize/kustomize/v5"
