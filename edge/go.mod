module github.com/metrics-dashboard/metrics-dashboard/edge

go 1.26.0

require (
	github.com/metrics-dashboard/metrics-dashboard/record v0.0.0
)

replace github.com/metrics-dashboard/metrics-dashboard/record => ../record
