package simulator

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// visit is a request to a handler beside the calls: who makes it, and what it asks for.
type visit struct {
	*call
	path    string
	query   []headerLine // names and values, decoded
	cookies []headerLine
}

// handler answers a visit; nil: the connection just ends.
type handler func(*visit) *httpPage

// action answers the handlers beside the calls, after a look at who asks; web pages over plain HTTP are forbidden.
func (h *httpConn) action(rq *httpRequest) bool {
	a := longestPrefix(h.handlers(), rq.method, rq.path)
	switch {
	case a == nil: // nobody's: the version is not looked at
		h.sendPage(forbiddenPage(), "HTTP/1.1")
		return false
	case a.URI == "/":
		return h.webPage(rq)
	}
	v := h.newVisit(rq)
	page := v.admitTo(a, h.trusted, rq.header("authorization"))
	if page == nil {
		page = handlerNamed(a.Name)(v)
	}
	v.leave()
	if page != nil {
		h.sendPage(page, rq.version)
	}
	return false
}

// handlers are those that the member has. xapi: a member that is not the master has no package repository.
func (h *httpConn) handlers() []datamodel.HTTPAction {
	all := h.member.pool.schema.model.HTTPActions
	h.member.pool.mu.Lock()
	defer h.member.pool.mu.Unlock()
	if h.member.life != nil {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(a datamodel.HTTPAction) bool {
		return a.Name == "get_repository" || a.Name == "get_enabled_repository" || a.Name == "get_updates"
	})
}

func (h *httpConn) newVisit(rq *httpRequest) *visit {
	p := h.member.pool
	path, query, _ := strings.Cut(rq.path, "?")
	v := &visit{call: &call{pool: p, life: p.lockedLifeOf(h.member), member: h.member}, path: path}
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			v.query = append(v.query, headerLine{unescaped(name), unescaped(value)})
		}
	}
	for pair := range strings.SplitSeq(rq.header("cookie"), ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok {
			v.cookies = append(v.cookies, headerLine{unescaped(name), unescaped(value)})
		}
	}
	return v
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// param is a parameter of the query.
func (v *visit) param(name string) (string, bool) { return valueOf(v.query, name) }

// credential is what may stand in a cookie or in the query; the cookie comes first.
func (v *visit) credential(name string) (string, bool) {
	if value, ok := valueOf(v.cookies, name); ok {
		return value, true
	}
	return v.param(name)
}

func valueOf(lines []headerLine, name string) (string, bool) {
	for _, l := range lines {
		if l.name == name {
			return l.value, true
		}
	}
	return "", false
}

// admitTo looks at who asks: the unix socket is trusted, then the first of session, pool secret and password that is
// there decides. Wrong or none is 401, a role without the permission 403. nil lets the visit in.
func (v *visit) admitTo(a *datamodel.HTTPAction, trusted bool, authorization string) *httpPage {
	ref, hasSession := v.credential("session_id")
	secret, hasSecret := v.credential("pool_secret")
	password, isBasic := strings.CutPrefix(authorization, "Basic ")
	switch {
	case trusted:
		return nil
	case hasSession:
		v.session = ref
		if !v.knownSession() {
			return unauthorisedPage(a.Name)
		}
	case hasSecret && secret == v.pool.Secret():
		return nil
	case hasSecret:
		return unauthorisedPage(a.Name)
	case isBasic:
		if !v.passwordIsGood(password) {
			return unauthorisedPage(a.Name)
		}
	case authorization != "":
		return internalPage("Failure(\"Unknown authorization header: " + authorization + "\")")
	default:
		return unauthorisedPage(a.Name)
	}
	if v.isRoot() {
		return nil
	}
	if err := v.needs("http/"+a.Name, a.Roles); err != nil {
		v.failTask(err)
		return forbiddenPage()
	}
	return nil
}

// knownSession looks the session up where it stands, in the master's database, and waits while there is no master.
func (v *visit) knownSession() bool {
	for {
		v.pool.mu.Lock()
		wait, run, over := v.pool.linked.next(), v.member.run, v.life.over()
		known := !over && (&tx{life: v.life}).exists("session", v.session)
		if known {
			(&tx{life: v.life}).touchSession(v.session)
		}
		v.pool.mu.Unlock()
		if !over {
			return known
		}
		select {
		case <-wait:
			v.life = v.pool.lockedLifeOf(v.member)
		case <-run.done():
			return false
		}
	}
}

// passwordIsGood opens a session for the one request; leave ends it.
func (v *visit) passwordIsGood(encoded string) bool {
	plain, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	user, password, _ := strings.Cut(string(plain), ":")
	v.params = []any{user, password, "", "xapi/" + v.pool.model.Version}
	ref, err := login(v.call)
	if err != nil {
		return false
	}
	v.session = ref.(string)
	return true
}

// leave ends the session of a visit with a password.
func (v *visit) leave() {
	if len(v.params) == 0 || v.session == "" {
		return
	}
	_ = v.update(func(t *tx) error { t.endSession(v.session); return nil }) // a life that ended has no sessions
}

// failTask ends the task that the client made for the transfer.
func (v *visit) failTask(err error) {
	if ref, ok := v.credential("task_id"); ok {
		(&call{pool: v.pool, life: v.life, task: ref}).endTask(nil, err)
	}
}
