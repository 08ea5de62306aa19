//go:build tools

// Package node pins the container runtime and the DNS server of the bare cluster provider.
package node

import (
	_ "fairlead.dev/e2e/cluster/node/pause"
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
	_ "github.com/containerd/containerd/v2/cmd/ctr"
	_ "github.com/coredns/coredns"
)
