package simulator

import (
	"regexp"
	"slices"
	"strconv"
)

// xapi: numbers of disks and of interfaces that a VM can have.
const (
	diskNumbers      = 255
	interfaceNumbers = 7
)

var deviceName = regexp.MustCompile(`^(?:sd|xvd|hd|fd)([a-p])([0-9]*)$`)

// diskNumber reads the name of a disk device: "1", "xvdb", "hdb", "sdb"; false: it is none.
func diskNumber(name string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, true
	}
	if m := deviceName.FindStringSubmatch(name); m != nil {
		return int(m[1][0] - 'a'), true
	}
	return 0, false
}

// freeDisks lists the numbers of disks that a VM does not use, in ascending order, as words.
func (t *tx) freeDisks(vm string) []string {
	used := map[int]bool{}
	for _, vbd := range t.strs("VM", vm, "VBDs") {
		for _, field := range []string{"userdevice", "device"} {
			if n, ok := diskNumber(t.str("VBD", vbd, field)); ok {
				used[n] = true
			}
		}
	}
	var free []string
	for n := range diskNumbers {
		if !used[n] {
			free = append(free, strconv.Itoa(n))
		}
	}
	return free
}

// freeInterfaces is the same of interfaces.
func (t *tx) freeInterfaces(vm string) []string {
	var used, free []string
	for _, vif := range t.strs("VM", vm, "VIFs") {
		used = append(used, t.str("VIF", vif, "device"))
	}
	for n := range interfaceNumbers {
		if !slices.Contains(used, strconv.Itoa(n)) {
			free = append(free, strconv.Itoa(n))
		}
	}
	return free
}

// guestDeviceName is the name of a disk in the guest, by its number: "xvdb".
func guestDeviceName(userdevice string) string {
	n, _ := diskNumber(userdevice)
	if n < 26 {
		return "xvd" + string(rune('a'+n))
	}
	return "xvd" + string(rune('a'+n/26-1)) + string(rune('a'+n%26))
}
