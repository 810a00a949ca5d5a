#!/bin/sh
# Runs after the files of the package went. "remove" keeps settings and spool: a later install goes on where this one stopped. Only
# deb's "purge" removes them, with the samples that wait in the spool.
set -eu
if [ "$1" = purge ]; then
	rm -rf /var/lib/private/metrics-edge /var/lib/metrics-edge /etc/metrics-edge
fi
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
