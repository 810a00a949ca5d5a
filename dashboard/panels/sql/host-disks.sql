WITH {{template "disks"}}
SELECT device, busy, busy_peak, await, await_peak, read, written
FROM disks
ORDER BY busy DESC, device
