//go:build tools

// Package jsonnet pins the version of the jsonnet program that is built from this module.
package jsonnet

import _ "github.com/google/go-jsonnet/cmd/jsonnet"
