package simulator

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

// secureBoot are the calls about the certificates that firmware of VMs trusts.
func secureBoot() map[string]behaviour {
	return map[string]behaviour{
		"pool.set_custom_uefi_certificates":         poolSetBootCertificates,
		"pool.get_guest_secureboot_readiness":       poolSecureBoot,
		"VM.get_secureboot_readiness":               vmSecureBoot,
		"VM.set_uefi_mode":                          vmSetUEFIMode,
		"VM.update_secureboot_certificates_on_boot": vmUpdateBootCertificates,
	}
}

// bootFiles names the files in an archive of certificates, which is a tar in base64; "" holds none.
func bootFiles(archive string) (map[string]bool, error) {
	data, err := base64.StdEncoding.DecodeString(archive)
	if err != nil {
		return nil, err
	}
	files, reader := map[string]bool{}, tar.NewReader(bytes.NewReader(data))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		files[header.Name] = true
	}
}

// readiness is what files of certificates are enough for.
func readiness(files map[string]bool) string {
	switch {
	case !files["PK.auth"] || !files["KEK.auth"] || !files["db.auth"]:
		return "not_ready"
	case !files["dbx.auth"]:
		return "ready_no_dbx"
	}
	return "ready"
}

// poolSetBootCertificates is pool.set_custom_uefi_certificates. xapi: "" goes back to those of the hosts, of which there are
// none here.
func poolSetBootCertificates(c *call) (any, error) {
	if _, err := bootFiles(c.str(1)); err != nil {
		return nil, fail("INVALID_VALUE", "value", "not a tar in base64")
	}
	return nil, c.update(func(t *tx) error {
		if err := t.must("pool", c.str(0)); err != nil {
			return err
		}
		t.set("pool", c.str(0), "custom_uefi_certificates", c.str(1))
		t.set("pool", c.str(0), "uefi_certificates", c.str(1))
		return nil
	})
}

// poolSecureBoot is pool.get_guest_secureboot_readiness.
func poolSecureBoot(c *call) (any, error) {
	archive := ""
	err := c.view(func(t *tx) error {
		archive = t.str("pool", c.str(0), "uefi_certificates")
		return t.must("pool", c.str(0))
	})
	if err != nil {
		return nil, err
	}
	files, err := bootFiles(archive)
	if err != nil {
		files = nil // what is no archive holds nothing
	}
	return readiness(files), nil
}

// hasFirmware says whether a VM's firmware is one that can check what it boots.
func (t *tx) hasFirmware(vm string) bool {
	return text(t.dict("VM", vm, "HVM_boot_params"), "firmware") == "uefi"
}

// vmSecureBoot is VM.get_secureboot_readiness. xapi: a VM that has never started has no variables yet.
func vmSecureBoot(c *call) (any, error) {
	word := "ready"
	err := c.view(func(t *tx) error {
		vm := c.str(0)
		switch variables := text(t.dict("VM", vm, "NVRAM"), "EFI-variables"); {
		case !t.hasFirmware(vm):
			word = "not_supported"
		case text(t.dict("VM", vm, "platform"), "secureboot") != "true":
			word = "disabled"
		case variables == "":
			word = "first_boot"
		case variables == setupMode:
			word = "setup_mode"
		}
		return t.must("VM", vm)
	})
	return word, err
}

// setupMode are the variables of firmware that trusts nobody yet: none, in base64.
const setupMode = "VkFSUw=="

// vmSetUEFIMode is VM.set_uefi_mode. In mode setup the firmware's variables are empty; in mode user they are made at the
// next start.
func vmSetUEFIMode(c *call) (any, error) {
	return "", c.update(func(t *tx) error {
		vm := c.str(0)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		if !t.hasFirmware(vm) {
			return fail("OPERATION_NOT_ALLOWED", "VM firmware is not UEFI")
		}
		if err := t.mustBeHalted(vm); err != nil {
			return err
		}
		variables := withoutKey(t.dict("VM", vm, "NVRAM"), "EFI-variables")
		if c.str(1) == "setup" {
			variables = withKey(variables, "EFI-variables", setupMode)
		}
		t.set("VM", vm, "NVRAM", variables)
		return nil
	})
}

// vmUpdateBootCertificates is VM.update_secureboot_certificates_on_boot(self, mark).
func vmUpdateBootCertificates(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		vm := c.str(0)
		if err := t.must("VM", vm); err != nil {
			return err
		}
		before, after := "update_on_boot", "update_available"
		if c.flag(1) {
			before, after = after, before
		}
		if t.str("VM", vm, "secureboot_certificates_state") == before {
			t.set("VM", vm, "secureboot_certificates_state", after)
		}
		return nil
	})
}
