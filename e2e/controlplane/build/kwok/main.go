//go:build tools

// Package kwok pins the version of kwok that is built from this module.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
