package config

// Variables returns the names of the environment variables of all settings.
func Variables() []string {
	var names []string
	for _, s := range settings() {
		if s.env != "" && s.key != "" {
			names = append(names, s.env)
		}
	}
	return names
}
