// Package manifests holds the example fleets, so that the demo has one wherever the program is.
//
// It knows files. It must not know what they mean.
package manifests

import (
	"embed"
	"io/fs"
)

//go:embed demo/*.yaml
var files embed.FS

// Demo is the fleet of the demo: 20 VMs of the simulator's default pool.
func Demo() fs.FS {
	demo, err := fs.Sub(files, "demo")
	if err != nil { // the folder is part of the program
		panic(err)
	}
	return demo
}
