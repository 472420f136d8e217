package xapi

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/xencontroller/xencontroller/pkg/xapi/xen"
)

// secretName matches the names of keys and fields whose values are nobody's business: device_config:cifspassword,
// Cluster.cluster_token, dest:session_id of VM.migrate_send …
var secretName = regexp.MustCompile(`(?i)passw(?:or)?d|passphrase|pwd|secret|token|session|private|credential|chap|cookie`)

// userInfo is what a URL says of its user, such as the one of VM.import.
var userInfo = regexp.MustCompile(`://[^/@\s"]+@`)

// secretParams are the positions of a call's parameters, without its session, that hold secrets.
func secretParams(method string) []int {
	switch method {
	case loginMethod, "session.slave_login", "session.slave_local_login_with_password":
		return []int{1}
	case "session.slave_local_login":
		return []int{0}
	case "session.change_password":
		return []int{0, 1}
	case "pool.join", "pool.join_force", "VM.import_convert", "host.install_server_certificate", "pool.sync_trusted_certificates_from":
		return []int{2}
	case "pool.initialize_wlb":
		return []int{2, 4}
	case "pool.sync_updates":
		return []int{2, 3, 5}
	case "pool.configure_repository_proxy":
		return []int{3}
	}
	return nil
}

// hidesAll reports whether nothing of a call but its name is to be seen: its parameters, or its result, are secrets.
func hidesAll(method string) bool {
	class, name, _ := strings.Cut(method, ".")
	return secretParams(method) == nil && (class == "secret" || secretName.MatchString(name))
}

// hidesReply reports whether the result of a call is a secret. xapi: host.migrate_receive gives out a session.
func hidesReply(method string) bool {
	_, name, _ := strings.Cut(method, ".")
	return hidesAll(method) || strings.HasPrefix(name, "login") || strings.HasPrefix(name, "slave_l") || name == "migrate_receive"
}

// secretsOf lists the secrets that a call carries: what xapi may repeat in the words of a failure.
func secretsOf(req xen.Request) []string {
	method := strings.TrimPrefix(req.Method, "Async.")
	all := hidesAll(method)
	var found []string
	for i, p := range req.Params {
		if all || slices.Contains(secretParams(method), i) || isSession(p) || keyedSecret(req, i) {
			found = append(found, textsIn(p, true)...)
			continue
		}
		found = append(found, textsIn(p, false)...)
	}
	return found
}

// isSession reports whether a parameter is a session: a credential.
func isSession(p any) bool {
	_, is := p.(xen.SessionRef)
	return is
}

// keyedSecret reports whether a parameter is the value in a call such as SR.add_to_sm_config(ref, "chappassword", …).
func keyedSecret(req xen.Request, i int) bool {
	if i == 0 || !strings.Contains(req.Method, ".add_to_") {
		return false
	}
	key, ok := req.Params[i-1].(string)
	return ok && secretName.MatchString(key)
}

// textsIn lists the texts in a value, all of them or those with the name of a secret.
func textsIn(p any, all bool) []string {
	if text, ok := p.(string); ok {
		switch {
		case !all:
			return userInfo.FindAllString(text, -1)
		case strings.HasPrefix(text, refPrefix):
			return nil
		}
		return []string{text}
	}
	if ref, ok := p.(xen.SessionRef); ok {
		return []string{string(ref)}
	}
	var found []string
	walk(plain(p), func(name, text string) string {
		if (all || secretName.MatchString(name)) && !strings.HasPrefix(text, refPrefix) {
			found = append(found, text)
		}
		return text
	}, "")
	return found
}

// plain turns a parameter into maps, lists and texts, as JSON has them.
func plain(p any) any {
	text, err := json.Marshal(p)
	if err != nil {
		return redacted // no value of the API: it will not be sent either
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return redacted
	}
	return v
}

// walk replaces every text in a value of [plain]; name is that of the member that it stands in.
func walk(v any, replace func(name, text string) string, name string) any {
	switch v := v.(type) {
	case string:
		return replace(name, v)
	case []any:
		for i := range v {
			v[i] = walk(v[i], replace, name)
		}
	case map[string]any:
		for key := range v {
			v[key] = walk(v[key], replace, key)
		}
	}
	return v
}

// shownParams are the parameters of a call as they may be seen.
func shownParams(x exchange) []any {
	method := strings.TrimPrefix(x.req.Method, "Async.")
	all := hidesAll(method)
	shown := make([]any, len(x.req.Params))
	for i, p := range x.req.Params {
		_, isText := p.(string)
		if isSession(p) || isText && all || slices.Contains(secretParams(method), i) || keyedSecret(x.req, i) {
			shown[i] = redacted
			continue
		}
		shown[i] = walk(plain(p), func(name, text string) string {
			if secretName.MatchString(name) || all && !strings.HasPrefix(text, refPrefix) {
				return redacted
			}
			return userInfo.ReplaceAllString(hideTexts(text, x.secrets), "://"+redacted+"@")
		}, "")
	}
	return shown
}

// hideTexts takes every secret out of a text.
func hideTexts(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, redacted)
		}
	}
	return text
}

// The values of members with the name of a secret, in a reply as it came.
var (
	xmlSecret  = regexp.MustCompile(`(?is)(<name>[^<]*(?:` + strings.TrimPrefix(secretName.String(), "(?i)") + `)[^<]*</name>\s*<value>)(.*?)(</value>|$)`)
	jsonSecret = regexp.MustCompile(`(?is)("[^"]*(?:` + strings.TrimPrefix(secretName.String(), "(?i)") + `)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"?`)
)

// shownReply is a reply as it may be seen.
func shownReply(x exchange, reply string) string {
	if hidesReply(strings.TrimPrefix(x.req.Method, "Async.")) {
		return redacted
	}
	reply = hideTexts(reply, append(secretsOf(x.req), x.secrets...))
	reply = xmlSecret.ReplaceAllString(reply, "${1}"+redacted+"${3}")
	reply = jsonSecret.ReplaceAllString(reply, `${1}"`+redacted+`"`)
	return userInfo.ReplaceAllString(reply, "://"+redacted+"@")
}
