package suite

import "slices"

// noSuchObject is a reference that no server has given out.
const noSuchObject = "OpaqueRef:00000000-0000-0000-0000-00000000dead"

// Cases lists the whole suite.
func Cases() []Case {
	return slices.Concat(sessionCases(), dispatchCases(), recordCases(), taskCases(), eventCases(), jsonCases(), vmCases())
}
