package simulation

import "time"

const gib = 1 << 30

// Role is what a machine is for. How large it is and how it behaves follows from it.
type Role int

// The roles.
const (
	Web Role = iota
	API
	DB
	Worker
	Cache
	Edge
)

// String returns the role as the samples' node_role.
func (r Role) String() string { return kinds[r].role }

// kind is how the machines of a role are built and behave.
type kind struct {
	role              string
	cores             int32
	ramGiB, diskGiB   int64
	cpu, swing        float64 // mean CPU in percent, and how much of it follows the day
	ram               float64 // part of memory in use
	mount, device     string  // of the fullest filesystem, and of the busiest disk
	inodes            float64 // in use, as part of the space in use: little where files are large
	netMB, diskMB     float64 // per second
	weekend           float64 // load at weekends, as part of a weekday's
	jobEvery, jobTime time.Duration

	system      string  // the disk of the operating system
	await       float64 // milliseconds of a read or write, when the disk is idle
	nic, second string  // interfaces; the second may be missing
	speed       int64   // of an interface, bits per second
	programs    []program
	job         program
}

var kinds = [...]kind{
	Web: {
		role: "web", cores: 8, ramGiB: 16, diskGiB: 100, cpu: 32, swing: .7, ram: .45,
		mount: "/", device: "nvme0n1", inodes: .3, netMB: 6, diskMB: .4, weekend: .6,
		system: "nvme0n1", await: .35, nic: "ens5", speed: 10e9, job: backup,
		programs: []program{
			{name: "node", unit: "shop.service", user: "app", count: 8, cpu: .64, ram: .7, io: .5, limit: .98},
			{name: "nginx", unit: "nginx.service", user: "www-data", count: 9, cpu: .25, ram: .08, io: .4},
		},
	},
	API: {
		role: "api", cores: 16, ramGiB: 32, diskGiB: 100, cpu: 38, swing: .6, ram: .5,
		mount: "/", device: "nvme0n1", inodes: .25, netMB: 9, diskMB: .6, weekend: .7,
		system: "nvme0n1", await: .35, nic: "ens5", speed: 10e9, job: backup,
		programs: []program{
			{name: "java", unit: "app.service", user: "app", count: 1, cpu: .86, ram: .88, io: .8, limit: .98},
			{name: "envoy", unit: "envoy.service", user: "envoy", count: 1, cpu: .07, ram: .02, io: .1},
		},
	},
	DB: {
		role: "db", cores: 16, ramGiB: 128, diskGiB: 1000, cpu: 25, swing: .4, ram: .74,
		mount: "/var/lib/postgresql", device: "nvme1n1", inodes: .01, netMB: 12, diskMB: 18, weekend: .8,
		jobEvery: 24 * time.Hour, jobTime: 50 * time.Minute,
		system: "nvme0n1", await: .3, nic: "ens5", second: "ens6", speed: 25e9,
		programs: []program{
			{name: "postgres", unit: "postgresql.service", user: "postgres", count: 64, cpu: .9, ram: .92, io: .9},
			{name: "pgbouncer", unit: "pgbouncer.service", user: "postgres", count: 1, cpu: .04, ram: .002},
		},
		job: program{name: "pg_dump", unit: "backup.service", user: "postgres", count: 4},
	},
	Worker: {
		role: "worker", cores: 32, ramGiB: 64, diskGiB: 400, cpu: 18, swing: .2, ram: .35,
		mount: "/var/lib/docker", device: "nvme1n1", inodes: .8, netMB: 3, diskMB: 5, weekend: 1,
		jobEvery: 3 * time.Hour, jobTime: 35 * time.Minute,
		system: "nvme0n1", await: .35, nic: "ens5", second: "ens6", speed: 10e9,
		programs: []program{
			{name: "python3", unit: "3f29c1b07a55", user: "1000", count: 24, cpu: .7, ram: .7, io: .6, limit: .98, throttled: true},
			{name: "ruby", unit: "b81d0c52ee90", user: "1000", count: 8, cpu: .18, ram: .15, io: .2, limit: .25, throttled: true},
			{name: "dockerd", unit: "docker.service", user: "root", count: 1, cpu: .03, ram: .01, io: .1},
		},
		job: program{name: "spark", unit: "9ac4427d1e03", user: "1000", count: 30, throttled: true},
	},
	Cache: {
		role: "cache", cores: 4, ramGiB: 64, diskGiB: 50, cpu: 12, swing: .7, ram: .8,
		mount: "/", device: "nvme0n1", inodes: .2, netMB: 15, diskMB: .1, weekend: .65,
		system: "nvme0n1", await: .35, nic: "ens5", speed: 10e9, job: backup,
		programs: []program{
			{name: "redis-server", unit: "redis-server.service", user: "redis", count: 1, cpu: .93, ram: .96, io: .9},
		},
	},
	Edge: {
		role: "edge", cores: 4, ramGiB: 4, diskGiB: 32, cpu: 9, swing: .3, ram: .55,
		mount: "/", device: "mmcblk0", inodes: .35, netMB: .2, diskMB: .3, weekend: .9,
		system: "mmcblk0", await: 4, nic: "eth0", speed: 1e9, job: backup,
		programs: []program{
			{name: "gateway", unit: "gateway.service", user: "gateway", count: 1, cpu: .6, ram: .64, io: .6, limit: .98},
			{name: "chronyd", unit: "chrony.service", user: "_chrony", count: 1, cpu: .25, ram: .2, io: .3},
		},
	},
}
