package simulation

import (
	"fmt"
	"time"

	"github.com/xencontroller/xencontroller/pkg/simulator"
)

// kind is a kind of step: how many words it takes at least, and what it does.
type kind struct {
	words int
	do    func(st *story, args []string) error
}

// kinds are all that can happen, by the word that stands for it in a schedule.
var kinds = map[string]kind{
	// What is declared, and the files that say so.
	"declare":     {2, (*story).declare},    // NAME SPEC
	"undeclare":   {1, (*story).undeclare},  // NAME
	"break":       {1, (*story).breakFleet}, // typo, bytes, half, empty, unreadable, gone
	"mend":        {0, (*story).mendFleet},
	"rename-file": {1, (*story).renameFile}, // NAME of a VM in it
	"delete-file": {1, (*story).deleteFile}, // NAME of a VM in it

	// What people and guests do to VMs.
	"click":  {2, (*story).click}, // VERB NAME [HOST]
	"rename": {2, (*story).rename},
	"twin":   {1, onVM((*story).twin)},
	"guest":  {2, (*story).guest}, // NAME plain, mute, stubborn
	"remove": {1, onVM(func(st *story, name string) error { return st.pool.RemoveVM(name) })},
	"backup": {2, (*story).backup}, // NAME DURATION
	"flip":   {3, (*story).flip},   // NAME STATE DURATION

	// Others on the wire, with sessions of their own.
	"person":   {2, (*story).person},           // VERB NAME
	"balancer": {2, (*story).balancer},         // EVERY DURATION
	"snapshot": {2, (*story).snapshot},         // NAME DURATION
	"protect":  {1, (*story).protect},          // NAME, with HA
	"echo":     {1, (*story).echo},             // CLASS: events of what has not changed
	"meddle":   {2, (*story).meddle},           // cancel, destroy DURATION: with tasks of ours
	"log-out":  {0, (*story).logUsOut},         // sessions of ours
	"eject":    {1, (*story).eject},            // HOST
	"renew":    {1, (*story).renewCertificate}, // HOST

	// What befalls calls, connections, sessions and tasks.
	"fault":            {4, (*story).fault}, // MISHAP METHOD NTH DURATION
	"lose-events":      {0, onPool(func(p *simulator.Pool) error { p.LoseEvents(); return nil })},
	"drop-connections": {0, onPool(func(p *simulator.Pool) error { p.DropConnections(); return nil })},
	"evict":            {0, onPool(func(p *simulator.Pool) error { return p.EvictSession(originator) })},
	"flush-tasks":      {0, onPool(func(p *simulator.Pool) error { return p.LeaveTasks(201) })},

	// What befalls hosts.
	"kill-master":  {1, onHost((*simulator.Pool).KillMaster)}, // HOST that becomes master
	"designate":    {1, onHost((*simulator.Pool).DesignateMaster)},
	"die":          {1, onHost((*simulator.Pool).HostDies)},
	"power":        {1, onHost((*simulator.Pool).StartHost)},
	"crash":        {1, onHost((*simulator.Pool).CrashXapi)},
	"stop-member":  {1, onHost((*simulator.Pool).StopMember)},
	"start-member": {1, onHost((*simulator.Pool).StartMember)},
	"disable":      {1, onHost((*simulator.Pool).DisableHost)},
	"enable":       {1, onHost((*simulator.Pool).EnableHost)},
	"strand":       {2, func(st *story, args []string) error { return st.pool.Strand(args[0], args[1]) }}, // HOST CODE
	"unstrand":     {1, onHost((*simulator.Pool).Mend)},
	"skew":         {2, (*story).skew}, // HOST DURATION

	// What befalls our own process.
	"kill":         {4, (*story).kill},        // NTH before, after keep, lose PAUSE
	"journal-full": {1, (*story).fillJournal}, // DURATION
	"spoil-state":  {1, (*story).spoilState},  // lost, torn
}

func onVM(do func(*story, string) error) func(*story, []string) error {
	return func(st *story, args []string) error { return do(st, args[0]) }
}

func onPool(do func(*simulator.Pool) error) func(*story, []string) error {
	return func(st *story, _ []string) error { return do(st.pool) }
}

func onHost(do func(*simulator.Pool, string) error) func(*story, []string) error {
	return func(st *story, args []string) error { return do(st.pool, args[0]) }
}

// oneOf finds a word among those that there are.
func oneOf[T any](words map[string]T, word string) (T, error) {
	found, ok := words[word]
	if !ok {
		return found, fmt.Errorf("%q is unknown", word)
	}
	return found, nil
}

// skew sets a host's clock off.
func (st *story) skew(args []string) error {
	d, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	return st.pool.SkewClock(args[0], d)
}
