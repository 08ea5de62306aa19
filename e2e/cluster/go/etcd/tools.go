//go:build tools

// Package etcd pins an etcd that API servers stream lists from, which that of Debian 12 is too old for.
package etcd

import (
	_ "go.etcd.io/etcd/server/v3"
)
