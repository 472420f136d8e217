package simulator_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"regexp"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// A pool in memory, asked by a client that knows nothing of it but its URL; then its master dies.
func Example() {
	pool, err := simulator.New(simulator.Model{Hosts: 2, VMs: 5})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	client := &http.Client{Transport: &http.Transport{DialContext: pool.Dial, DisableKeepAlives: true}}
	ask := func(url, method string, params ...string) string {
		for i, p := range params {
			params[i] = "<param><value>" + p + "</value></param>"
		}
		call := "<methodCall><methodName>" + method + "</methodName><params>" + strings.Join(params, "") + "</params></methodCall>"
		resp, err := client.Post(url, "text/xml", strings.NewReader(call))
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		reply, err := io.ReadAll(resp.Body)
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(regexp.MustCompile(`(<[^>]*>)+`).ReplaceAllString(string(reply), " "))
	}
	urls := pool.URLs()
	words := strings.Fields(ask(urls[0], "session.login_with_password", "root", "xenroot"))
	session := words[len(words)-1]

	if err := pool.HaltVM("web-1"); err != nil { // somebody else
		log.Fatal(err)
	}
	fmt.Println(pool.PowerState("web-1"))
	fmt.Println(ask(urls[1], "session.login_with_password", "root", "xenroot"))

	if err := pool.KillMaster("xen-2"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Contains(ask(urls[1], "VM.get_all", session), "SESSION_INVALID"))
	// Output:
	// Halted
	// Status Failure ErrorDescription HOST_IS_SLAVE 10.0.0.1
	// true
}
