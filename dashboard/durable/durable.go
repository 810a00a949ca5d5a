// Package durable has what writers of files need from the system beyond package os: a lock between processes, and names that are still
// there after a loss of power.
package durable

import "errors"

// ErrLocked means that another process holds the lock.
var ErrLocked = errors.New("another process holds the lock")
