package simulator

import "bytes"

// asInRelease spells the head of a reply as a release does. xapi before 23.31: no space behind the colons that follow
// content-length.
func (h *httpConn) asInRelease(head []byte) []byte {
	if h.member.pool.model.since(23, 31) {
		return head
	}
	i := bytes.Index(head, []byte("content-length: "))
	if i < 0 {
		return head
	}
	end := i + bytes.IndexByte(head[i:], '\n') + 1
	return append(head[:end:end], bytes.ReplaceAll(head[end:], []byte(": "), []byte(":"))...)
}
