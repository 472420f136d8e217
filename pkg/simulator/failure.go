package simulator

import "strings"

// Failure is an error as xapi reports it to a client: a code of the datamodel and its parameters.
type Failure struct {
	Code   string
	Params []string
}

// fail makes a Failure.
func fail(code string, params ...string) *Failure { return &Failure{Code: code, Params: params} }

// Error prints the code and its parameters.
func (f *Failure) Error() string {
	return f.Code + "[" + strings.Join(f.Params, ", ") + "]"
}

// description is the failure as it stands on the wire and in task.error_info.
func (f *Failure) description() []string { return append([]string{f.Code}, f.Params...) }

// noSuch is xapi's answer to a reference that it does not know. The class stands in API spelling.
func noSuch(class, ref string) *Failure { return fail("HANDLE_INVALID", class, ref) }

// internalError is xapi's answer to everything that it has no code for.
func internalError(params ...string) *Failure { return fail("INTERNAL_ERROR", params...) }
