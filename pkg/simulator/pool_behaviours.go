package simulator

// poolBehaviours are the calls of class pool that do more than read and write a field.
func poolBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"pool.designate_new_master": designateMaster,
		"pool.sync_database":        syncDatabase,
	}
}
