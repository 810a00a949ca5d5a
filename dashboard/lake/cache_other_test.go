//go:build !linux

package lake_test

// dropCache does nothing here: the benchmarks run with a warm page cache.
func dropCache(string) error { return nil }
