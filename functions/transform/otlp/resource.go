package otlp

import (
	"maps"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// storeResource stores the attributes of a resource: those that name the machine in columns, all others as tags.
func storeResource(resource attributes, s *record.Sample) {
	rest := maps.Clone(resource)
	take := func(names ...string) string {
		v := rest.first(names...)
		for _, name := range names {
			delete(rest, name)
		}
		return v
	}
	s.Hostname = take("host.name")
	s.OS = take("os.type")
	s.OSVersion = take("os.version", "os.description")
	s.Arch = architecture(take("host.arch"))
	s.Env = take("deployment.environment.name", "deployment.environment")
	s.NodeRole = take("node_role")
	// The processor resourcedetection gives the machine's own ID or the ID of an instance in a cloud. The machine's own ID is hashed in the
	// way of this project's collector.
	if id := take("host.id"); id != "" {
		if s.MachineID = record.MachineID(id); s.MachineID == "" {
			s.MachineID = id
		}
	}
	if len(rest) > 0 {
		s.Tags = rest
	}
}

// architecture is Go's name of an architecture, which edge writes. The names of the others are equal
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
