module github.com/metrics-dashboard/metrics-dashboard/cdk

go 1.26.0

require (
	github.com/metrics-dashboard/metrics-dashboard/record v0.0.0
	github.com/metrics-dashboard/metrics-dashboard/dashboard v0.0.0
)

replace github.com/metrics-dashboard/metrics-dashboard/record => ../record
replace github.com/metrics-dashboard/metrics-dashboard/dashboard => ../dashboard
