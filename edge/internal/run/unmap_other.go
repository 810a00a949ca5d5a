//go:build !linux

package run

func unmapBinary() {}
