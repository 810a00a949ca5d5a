module github.com/metrics-dashboard/metrics-dashboard/local

go 1.26.0

require (
	github.com/metrics-dashboard/metrics-dashboard/record v0.0.0
	github.com/metrics-dashboard/metrics-dashboard/functions v0.0.0
	github.com/metrics-dashboard/metrics-dashboard/dashboard v0.0.0
)

replace github.com/metrics-dashboard/metrics-dashboard/record => ../record
replace github.com/metrics-dashboard/metrics-dashboard/functions => ../functions
replace github.com/metrics-dashboard/metrics-dashboard/dashboard => ../dashboard
