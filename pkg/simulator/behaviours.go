package simulator

import "maps"

// behaviours is what messages do, by wire name. Messages that are not here are implicit (implicit.go) or answer
// NOT_IMPLEMENTED and are listed by Coverage. One function a subject, in a file of its own.
func behaviours() map[string]behaviour {
	all := make(map[string]behaviour)
	for _, subject := range []map[string]behaviour{
		sessionBehaviours(),
		taskBehaviours(),
		eventBehaviours(),
		messageBehaviours(),
		plainSetters(),
		poolBehaviours(),
		emergencyBehaviours(),
		vmBehaviours(),
		vmSetters(),
		vmCopies(),
		hostBehaviours(),
		hostPower(),
		poolMembership(),
		haBehaviours(),
		vdiBehaviours(),
		srBehaviours(),
		pbdBehaviours(),
		vbdBehaviours(),
		vifBehaviours(),
		networkBehaviours(),
		applianceBehaviours(),
		groupBehaviours(),
		vmSmallCalls(),
		messageSweeps(),
		migrateSendBehaviours(),
		roleBehaviours(),
		subjectBehaviours(),
	} {
		maps.Copy(all, subject)
	}
	return all
}
