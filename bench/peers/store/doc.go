// Package store measures pkg/store beside other in-memory stores with the same indexes, on the same objects, in the same
// run. It holds benchmarks only.
package store
