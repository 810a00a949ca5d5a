WITH {{template "interfaces"}}
SELECT name, recv, sent, packets_in, packets_out, lost, lost_peak, link_peak, speed
FROM interfaces
ORDER BY throughput DESC, name, host
