package simulator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// rpc asks a pool's first host by JSON-RPC, as any client can. An error of XAPI is its code.
func rpc(pool *simulator.Pool, method string, params ...any) (json.RawMessage, string) {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
	resp, err := client.Post(pool.URLs()[0]+"/jsonrpc", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, "no answer"
	}
	defer resp.Body.Close()
	var reply struct {
		Result json.RawMessage
		Error  struct{ Message string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&reply); err != nil {
		log.Fatal(err)
	}
	return reply.Result, reply.Error.Message
}

func loginAs(pool *simulator.Pool, user, password string) (session string) {
	result, failure := rpc(pool, "session.login_with_password", user, password)
	if failure != "" {
		log.Fatal(failure)
	}
	if err := json.Unmarshal(result, &session); err != nil {
		log.Fatal(err)
	}
	return session
}

// One message does something else; the others stay as they are.
func ExamplePool_Handle() {
	pool, err := simulator.New(simulator.Model{Hosts: 1, VMs: -1})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	for _, name := range []string{"good", "bad"} {
		if err := pool.AddVM(simulator.VMSpec{Name: name}); err != nil {
			log.Fatal(err)
		}
	}
	bad := string(pool.VMRef("bad"))
	restore, err := pool.Handle("VM.start", func(call simulator.Invocation) (any, error) {
		if err := call.Sleep(20 * time.Millisecond); err != nil { // in the pool's time; ends when the task is cancelled
			return nil, err
		}
		if call.Params[0] == bad {
			return nil, call.Fail("BOOTLOADER_FAILED", bad, "no kernel found")
		}
		return call.Proceed() // what the simulator would have done
	})
	if err != nil {
		log.Fatal(err)
	}
	defer restore()
	session := loginAs(pool, "root", "xenroot")
	for _, name := range []string{"good", "bad"} {
		_, failure := rpc(pool, "VM.start", session, string(pool.VMRef(name)), false, false)
		fmt.Printf("%s is %s %q\n", name, pool.PowerState(name), failure)
	}
	// Output:
	// good is Running ""
	// bad is Halted "BOOTLOADER_FAILED"
}

// Which calls, how often, and what happens to them: faults compose.
func ExampleNth() {
	pool, err := simulator.New(simulator.Model{Hosts: 1, VMs: -1})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	session := loginAs(pool, "root", "xenroot")
	remove := pool.Inject(simulator.Nth(2, simulator.On("host.get_all", simulator.FailWith("CANNOT_CONTACT_HOST", "xen-1"))))
	defer remove()
	for range 3 {
		_, failure := rpc(pool, "host.get_all", session)
		fmt.Printf("%q\n", failure)
	}
	// Output:
	// ""
	// "CANNOT_CONTACT_HOST"
	// ""
}

// A pool is dumped, as "xencontroller dump" does, and another is made of it, which lives.
func ExampleLoad() {
	first, err := simulator.New(simulator.Model{Hosts: 2, VMs: 5})
	if err != nil {
		log.Fatal(err)
	}
	defer first.Close()
	session := loginAs(first, "root", "xenroot")
	classes, err := simulator.DumpedClasses()
	if err != nil {
		log.Fatal(err)
	}
	var dump simulator.Dump
	for _, class := range classes {
		records, failure := rpc(first, class+".get_all_records", session)
		if failure != "" {
			continue // this release does not have the class
		}
		if err := dump.Add(class, records); err != nil {
			log.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := dump.WriteTo(&file); err != nil {
		log.Fatal(err)
	}

	loaded, err := simulator.Load(&file)
	if err != nil {
		log.Fatal(err)
	}
	second, err := simulator.New(simulator.Model{Dump: loaded})
	if err != nil {
		log.Fatal(err)
	}
	defer second.Close()
	fmt.Println(second.PowerState("web-1"))
	if err := second.HaltVM("web-1"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.PowerState("web-1"), second.PowerState("web-1"))
	// Output:
	// Running
	// Running Halted
}
