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
}

var kinds = [...]kind{
	Web: {
		role: "web", cores: 8, ramGiB: 16, diskGiB: 100, cpu: 32, swing: .7, ram: .45,
		mount: "/", device: "nvme0n1", inodes: .3, netMB: 6, diskMB: .4, weekend: .6,
	},
	API: {
		role: "api", cores: 16, ramGiB: 32, diskGiB: 100, cpu: 38, swing: .6, ram: .5,
		mount: "/", device: "nvme0n1", inodes: .25, netMB: 9, diskMB: .6, weekend: .7,
	},
	DB: {
		role: "db", cores: 16, ramGiB: 128, diskGiB: 1000, cpu: 25, swing: .4, ram: .74,
		mount: "/var/lib/postgresql", device: "nvme1n1", inodes: .01, netMB: 12, diskMB: 18, weekend: .8,
		jobEvery: 24 * time.Hour, jobTime: 50 * time.Minute,
	},
	Worker: {
		role: "worker", cores: 32, ramGiB: 64, diskGiB: 400, cpu: 18, swing: .2, ram: .35,
		mount: "/var/lib/docker", device: "nvme1n1", inodes: .8, netMB: 3, diskMB: 5, weekend: 1,
		jobEvery: 3 * time.Hour, jobTime: 35 * time.Minute,
	},
	Cache: {
		role: "cache", cores: 4, ramGiB: 64, diskGiB: 50, cpu: 12, swing: .7, ram: .8,
		mount: "/", device: "nvme0n1", inodes: .2, netMB: 15, diskMB: .1, weekend: .65,
	},
	Edge: {
		role: "edge", cores: 4, ramGiB: 4, diskGiB: 32, cpu: 9, swing: .3, ram: .55,
		mount: "/", device: "mmcblk0", inodes: .35, netMB: .2, diskMB: .3, weekend: .9,
	},
}
