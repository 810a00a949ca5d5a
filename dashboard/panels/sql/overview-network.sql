{{template "throughput"}}
