package simulator

import "strings"

// blobBehaviours are the calls about blobs, whose contents the simulator does not keep.
func blobBehaviours() map[string]behaviour {
	table := map[string]behaviour{
		"blob.create":  func(c *call) (any, error) { return c.makeBlob(c.str(0), c.flag(1), nil) },
		"blob.destroy": blobDestroy,
	}
	for _, class := range []string{"pool", "VM", "host", "network", "SR"} {
		table[class+".create_new_blob"] = func(c *call) (any, error) {
			return c.makeBlob(c.str(2), c.flag(3), func(t *tx, blob string) error {
				return t.addTo(class, c.str(0), "blobs", c.str(1), blob)
			})
		}
	}
	return table
}

// makeBlob makes a blob and gives it to its owner. xapi: of no type named it is bytes, and a name that the owner has already
// leaves the blob without one.
func (c *call) makeBlob(kind string, public bool, give func(t *tx, blob string) error) (any, error) {
	made := nullRef
	err := c.update(func(t *tx) error {
		if class, _, _ := strings.Cut(c.method, "."); give != nil {
			if err := t.must(class, c.str(0)); err != nil {
				return err
			}
		}
		if kind == "" {
			kind = "application/octet-stream"
		}
		made = t.create("blob", values{"mime_type": kind, "public": public, "last_updated": epoch()})
		if give == nil {
			return nil
		}
		return give(t, made)
	})
	return made, err
}

// blobDestroy is blob.destroy. Its owner keeps the name of it.
func blobDestroy(c *call) (any, error) {
	return nil, c.update(func(t *tx) error {
		if err := t.must("blob", c.str(0)); err != nil {
			return err
		}
		t.destroy("blob", c.str(0))
		return nil
	})
}
