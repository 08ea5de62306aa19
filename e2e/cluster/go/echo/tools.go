//go:build tools

// Package echo pins the backend that the Gateway API's conformance suite and our own tests talk to.
package echo

import (
	_ "sigs.k8s.io/gateway-api-conformance-images/echo-basic"
)
