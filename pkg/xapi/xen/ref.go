package xen

// NullRef is how XAPI writes "no object". xapi: an empty reference field reads OpaqueRef:NULL.
const NullRef = "OpaqueRef:NULL"

// isNull reports whether a reference names no object: the NULL reference, or none at all.
func isNull[R ~string](ref R) bool { return ref == "" || string(ref) == NullRef }
