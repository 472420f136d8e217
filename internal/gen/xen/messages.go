package main

import (
	"fmt"
	"strings"

	"github.com/xencontroller/xencontroller/internal/datamodel"
)

// message writes the constructor of a message: a method of the reference that it is addressed to, or a function.
func (g *generator) message(c *datamodel.Class, m *datamodel.Message) string {
	params := m.Params
	if m.Session && len(params) > 0 && params[0].Name == "session_id" {
		params = params[1:]
	}
	recv, name := "", camel(c.Name)+camel(m.Name)
	args := []string{fmt.Sprintf("%q", c.Name+"."+m.Name)}
	if len(params) > 0 && params[0].Type == c.Name+" ref" && params[0].Required {
		recv, name = fmt.Sprintf("(ref %sRef) ", camel(c.Name)), camel(m.Name)
		args = append(args, "ref")
		params = params[1:]
		g.mustTake(camel(c.Name)+"Ref."+name, c.Name+"."+m.Name)
	} else {
		g.mustTake(name, c.Name+"."+m.Name)
	}
	var decl, optional []string
	for _, p := range params {
		if !p.Required {
			optional = append(optional, fmt.Sprintf("%s (%s)", p.Name, p.Type))
			continue
		}
		decl = append(decl, paramName(p.Name)+" "+goType(p.Parsed))
		args = append(args, paramName(p.Name))
	}
	call := strings.Join(args, ", ")
	if optional != nil {
		decl = append(decl, "optional ...any")
		call = args[0] + ", withOptional(optional" + prefixed(args[1:]) + ")..."
	}
	maker := "message"
	if !m.Session {
		maker = "sessionless"
	}
	return comment(0, g.messageDoc(name, c, m, optional)) +
		fmt.Sprintf("func %s%s(%s) Message[%s] {\n\treturn %s[%s](%s)\n}\n", recv, name, strings.Join(decl, ", "), result(m), maker, result(m), call)
}

// prefixed writes arguments that follow others.
func prefixed(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return ", " + strings.Join(args, ", ")
}

// result is the Go type of what a message returns.
func result(m *datamodel.Message) string { return goType(m.ResultType) }

// messageDoc says what the message asks for, who may, and what can go wrong.
func (g *generator) messageDoc(name string, c *datamodel.Class, m *datamodel.Message, optional []string) string {
	doc := fmt.Sprintf("%s is %s.%s. %s", name, c.Name, m.Name, sentence(m.Description))
	if optional != nil {
		doc += " Optional, in this order: " + strings.Join(optional, ", ") + "; leave them off for servers that do not know them."
	}
	if !m.Implicit && len(m.Errors) > 0 {
		doc += " Raises " + strings.Join(m.Errors, ", ") + "."
	}
	if role := leastRole(m.Roles); !m.Implicit && role != "" {
		doc += " Least role: " + role + "."
	}
	switch m.Lifecycle.State {
	case "Deprecated_s":
		doc += " Deprecated by XAPI."
	case "Removed_s":
		doc += " Removed from XAPI: answers MESSAGE_REMOVED."
	}
	return doc
}

// leastRole is the last of the roles that may call a message, which are listed from the mightiest down. client-cert is
// no step of that ladder: it is what a client certificate gives.
func leastRole(roles []string) string {
	least := ""
	for _, role := range roles {
		if role != "client-cert" {
			least = role
		}
	}
	return least
}
