// Package plan decides what to do next: Compute compares everything that is declared with one snapshot of the pool and
// returns, for each declared VM, a verdict with its reason in words, and the actions that may begin now. For does the
// same for one VM, with the same code.
//
// It knows declared VMs, store.Snapshot and the rules of docs/design.md. It must not know sockets, clocks, goroutines,
// logs or metrics: the same Input gives the same Plan, byte for byte.
//
// # The shortest legal way
//
// From each power state to each other one, in XAPI operations; what stands after an arrow is decided when the first
// step has been observed to be done.
//
//	observed    declared    way
//	Halted      Running     start (start_on where placement.hosts is declared)
//	Halted      Paused      start with start_paused
//	Halted      Suspended   start → suspend: XAPI knows no way to make a memory image of a VM that never ran
//	Suspended   Running     resume (resume_on)
//	Suspended   Paused      resume with start_paused
//	Suspended   Halted      Hard: hard_shutdown, which deletes the memory image.
//	                        Clean, CleanThenHard: resume → as from Running. The image of a VM is only ever deleted
//	                        where the declaration says Hard: CleanThenHard means that the guest is asked first, and a
//	                        guest that cannot be resumed was never asked
//	Paused      Running     unpause
//	Paused      Suspended   unpause → suspend
//	Paused      Halted      Hard: hard_shutdown. Clean: unpause → as from Running. CleanThenHard: the same, and
//	                        hard_shutdown where the VM is still Paused after the grace period
//	Running     Paused      pause
//	Running     Suspended   suspend; waits for the guest's agent where XAPI does not offer it yet
//	Running     Halted      Hard: hard_shutdown. Clean: clean_shutdown; waits for the agent. CleanThenHard: the same
//	                        until a clean shutdown failed or the grace period is over, then hard_shutdown. The grace
//	                        period runs from the moment that the VM was seen Running while declared Halted
//
// Placement counts while a VM is Running or Paused: a VM that is not started yet is started on a declared host, a Running
// one is moved by pool_migrate, a Paused one cannot be moved and is Stalled. A VM that is to be stopped is not moved.
package plan
