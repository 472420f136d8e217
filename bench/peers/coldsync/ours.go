//go:build unix

package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/xencontroller/xencontroller/pkg/informer"
	"github.com/xencontroller/xencontroller/pkg/store"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// syncOnce brings a store into sync with a pool, and prints a result.
func syncOnce(ctx context.Context, o options) error {
	began, used := time.Now(), processorTime()
	client, err := xapi.New(xapi.Config{
		Addresses: []string{o.url}, Username: "root", Protocol: xapi.Protocol(o.protocol), TLS: xapi.TLSConfig{Insecure: o.tls},
		Password: func(context.Context) (string, error) { return "xenroot", nil },
	})
	if err != nil {
		return err
	}
	cache := store.New()
	everything := slices.DeleteFunc(xen.Classes(), func(c xen.Class) bool { return !c.HasEvents() || !c.HasGetAllRecords() })
	inf := informer.New(informer.Config{Client: client, Store: cache, Classes: everything, Pool: "cold", Events: informer.Events(o.events)})
	following, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- inf.Run(following) }()
	err = inf.WaitForSync(ctx)
	r := result{Wall: time.Since(began).Seconds(), CPU: (processorTime() - used).Seconds(), Objects: objects(cache.Snapshot())}
	cancel()
	if err := <-ended; err != nil {
		return err
	}
	if err := client.Close(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// objects counts the objects of all classes, as the script does.
func objects(snap store.Snapshot) int {
	n := 0
	for _, class := range xen.Classes() {
		n += store.Len(snap, class)
	}
	return n
}

// processorTime is what this process has used of the processors, in all its threads.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
