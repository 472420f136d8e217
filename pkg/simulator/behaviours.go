package simulator

import "maps"

// behaviours is what messages do, by wire name. Messages that are not here are implicit (implicit.go) or answer
// NOT_IMPLEMENTED and are listed by Coverage.
func behaviours() map[string]behaviour {
	all := plainSetters()
	maps.Copy(all, specialBehaviours())
	return all
}

// specialBehaviours are those of behaviours that do more than write a field. One function a subject, in a file of its own.
func specialBehaviours() map[string]behaviour {
	all := make(map[string]behaviour)
	for _, subject := range []map[string]behaviour{
		sessionBehaviours(),
		taskBehaviours(),
		eventBehaviours(),
		messageBehaviours(),
		poolBehaviours(),
		emergencyBehaviours(),
		vmBehaviours(),
		vmSetters(),
		vmCopies(),
		hostBehaviours(),
		hostPower(),
		poolMembership(),
		haBehaviours(),
		haEmergencyBehaviours(),
		vdiBehaviours(),
		srBehaviours(),
		pbdBehaviours(),
		vbdBehaviours(),
		vifBehaviours(),
		networkBehaviours(),
		pifLinks(),
		pifAddresses(),
		pifInventory(),
		bondBehaviours(),
		tunnelBehaviours(),
		vifLocking(),
		storageNames(),
		sriovBehaviours(),
		managementBehaviours(),
		poolNetworks(),
		hostConsole(),
		hostSettings(),
		sshBehaviours(),
		cachingBehaviours(),
		licenceBehaviours(),
		hostCertificates(),
		poolCertificates(),
		poolRotation(),
		poolAuth(),
		poolTelemetry(),
		blobBehaviours(),
		vtpmBehaviours(),
		passthroughBehaviours(),
		pvsBehaviours(),
		observerBehaviours(),
		repositoryBehaviours(),
		directoryBehaviours(),
		recoveryBehaviours(),
		secureBoot(),
		vmssBehaviours(),
		callerBehaviours(),
		clusterBehaviours(),
		refusing(),
		applianceBehaviours(),
		groupBehaviours(),
		vmSmallCalls(),
		messageSweeps(),
		migrateSendBehaviours(),
		roleBehaviours(),
		subjectBehaviours(),
		pluginBehaviours(),
		localBehaviours(),
		dataSourceBehaviours(),
	} {
		maps.Copy(all, subject)
	}
	return all
}
