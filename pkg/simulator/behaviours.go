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
	for _, topic := range [][]map[string]behaviour{
		toolstackSubjects(), poolSubjects(), hostSubjects(), vmSubjects(), deviceSubjects(), networkSubjects(),
	} {
		for _, subject := range topic {
			maps.Copy(all, subject)
		}
	}
	return all
}

// toolstackSubjects are xapi itself and who may do what: sessions, tasks, events, messages.
func toolstackSubjects() []map[string]behaviour {
	return []map[string]behaviour{
		refusing(), sessionBehaviours(), taskBehaviours(), eventBehaviours(), messageBehaviours(), messageSweeps(),
		roleBehaviours(), subjectBehaviours(), directoryBehaviours(), callerBehaviours(), localBehaviours(),
		pluginBehaviours(), dataSourceBehaviours(), observerBehaviours(), blobBehaviours(),
	}
}

// poolSubjects are the pool as a whole, its members and HA.
func poolSubjects() []map[string]behaviour {
	return []map[string]behaviour{
		poolBehaviours(), emergencyBehaviours(), poolMembership(), haBehaviours(), haEmergencyBehaviours(), poolNetworks(),
		poolCertificates(), poolRotation(), poolAuth(), poolTelemetry(), repositoryBehaviours(), recoveryBehaviours(), clusterBehaviours(),
	}
}

// hostSubjects are the hosts.
func hostSubjects() []map[string]behaviour {
	return []map[string]behaviour{
		hostBehaviours(), hostPower(), hostConsole(), hostSettings(), hostCertificates(), managementBehaviours(), sshBehaviours(),
		cachingBehaviours(), licenceBehaviours(), secureBoot(),
	}
}

// vmSubjects are the VMs and what gathers them.
func vmSubjects() []map[string]behaviour {
	return []map[string]behaviour{
		vmBehaviours(), vmSetters(), vmCopies(), vmSmallCalls(), migrateSendBehaviours(), applianceBehaviours(),
		groupBehaviours(), vmssBehaviours(), vtpmBehaviours(), passthroughBehaviours(),
	}
}

// deviceSubjects are storage and the devices of VMs.
func deviceSubjects() []map[string]behaviour {
	return []map[string]behaviour{
		srBehaviours(), vdiBehaviours(), pbdBehaviours(), vbdBehaviours(), vifBehaviours(), vifLocking(), storageNames(), pvsBehaviours(),
	}
}

// networkSubjects are networks and the interfaces of hosts.
func networkSubjects() []map[string]behaviour {
	return []map[string]behaviour{
		networkBehaviours(), pifLinks(), pifAddresses(), pifInventory(), bondBehaviours(), tunnelBehaviours(), sriovBehaviours(),
	}
}
