package otlp

import "github.com/metrics-dashboard/metrics-dashboard/record"

// storeResource stores the attributes of a resource: those that name the machine in columns, all others as tags.
func storeResource(resource attributes, s *record.Sample) {
	s.Hostname = resource["host.name"]
	s.OS = resource["os.type"]
	s.OSVersion = resource.first("os.version", "os.description")
	s.Arch = architecture(resource["host.arch"])
	s.Env = resource.first("deployment.environment.name", "deployment.environment")
	s.NodeRole = resource["node_role"]
	// The processor resourcedetection gives the machine's own ID, which is hashed as the collector of this project does; or the ID of
	// an instance in a cloud.
	if id := resource["host.id"]; id != "" {
		if s.MachineID = record.MachineID(id); s.MachineID == "" {
			s.MachineID = id
		}
	}
	for name, value := range resource {
		switch name {
		case "host.name", "os.type", "os.version", "os.description", "host.arch", "deployment.environment.name", "deployment.environment",
			"node_role", "host.id":
			continue
		}
		if s.Tags == nil {
			s.Tags = map[string]string{}
		}
		s.Tags[name] = value
	}
}

// architecture is Go's name of an architecture, which edge writes. The others are equal
// (https://opentelemetry.io/docs/specs/semconv/registry/attributes/host/).
func architecture(otel string) string {
	switch otel {
	case "x86":
		return "386"
	case "arm32":
		return "arm"
	}
	return otel
}
