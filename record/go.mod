module github.com/metrics-dashboard/metrics-dashboard/record

go 1.26.0
