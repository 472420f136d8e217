package xapi_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
	"github.com/xencontroller/xencontroller/pkg/xapi"
	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// Log in to a pool whose hosts have self-signed certificates: what they show first is trusted and kept in a file. One address
// is enough; it need not be the master's.
func ExampleNew() {
	pool, err := simulator.New(simulator.Model{})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	client, err := xapi.New(xapi.Config{
		Addresses: []string{"http://10.0.0.3"}, // https:// where it is no simulator
		Username:  "root",
		Password:  xapi.PasswordEnv(func(string) string { return "xenroot" }, "PASSWORD"), // os.Getenv
		TLS:       xapi.TLSConfig{KnownHosts: "known-hosts"},
		Timeout:   10 * time.Second,
		Dial:      pool.Dial, // left out where it is no simulator
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer func() { _ = client.Close(ctx) }() // logs out

	session, err := client.Session(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session, "on", session.MasterAddress(), "of a pool with a uuid of", len(session.PoolUUID()), "characters")
	// Output: session 1 with http://10.0.0.1 on 10.0.0.1 of a pool with a uuid of 36 characters
}

// What the session may do, before it is tried: here that of somebody who may operate VMs.
func ExampleSession_May() {
	pool, err := simulator.New(simulator.Model{Users: []simulator.User{{Name: "ops", Password: "secret", Role: "vm-operator"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	ctx := context.Background()
	client, err := xapi.New(xapi.Config{
		Addresses: pool.URLs(), Username: "ops", Dial: pool.Dial,
		Password: func(context.Context) (string, error) { return "secret", nil },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close(ctx) }()

	session, err := client.Session(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, method := range []string{"VM.start", "VM.pool_migrate", "host.evacuate"} {
		may, err := session.May(ctx, method)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(method, may)
	}
	// Output:
	// VM.start true
	// VM.pool_migrate false
	// host.evacuate false
}

// Be told of everything that changes in how the pool is reached.
func ExampleConfig_onTransition() {
	pool := simulate()
	defer pool.Close()
	ctx := context.Background()
	client, err := xapi.New(xapi.Config{
		Addresses: pool.URLs(), Username: "root", Dial: pool.Dial,
		Password:     func(context.Context) (string, error) { return "xenroot", nil },
		OnTransition: func(t xapi.Transition) { fmt.Println(t.Kind, t.Address) },
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := xapi.Call(ctx, client, xen.PoolGetAll()); err != nil {
		log.Fatal(err)
	}
	if err := client.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// found http://10.0.0.1
	// closed
}
