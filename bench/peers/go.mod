// Benchmarks beside other people's programs, which nobody who imports xencontroller shall inherit.
module github.com/xencontroller/xencontroller/bench/peers

go 1.26.0

require (
	github.com/hashicorp/go-memdb v1.3.5
	github.com/xencontroller/xencontroller v0.0.0
)

require (
	github.com/hashicorp/go-immutable-radix v1.3.1 // indirect
	github.com/hashicorp/golang-lru v0.5.4 // indirect
)

replace github.com/xencontroller/xencontroller => ../..
