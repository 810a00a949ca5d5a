#!/bin/sh
# Runs after the files of the package are there. deb calls it with "configure" and the version that was installed before, rpm with the
# number of versions that are installed. A deb starts the service at the first install, as Debian's services do. An rpm follows the
# system's presets.
set -eu
[ -d /run/systemd/system ] || exit 0 # for example in a chroot: the next boot reads the unit
systemctl daemon-reload
# A service that does not start is no reason to leave the package half installed.
case "$1 ${2-}" in
"configure ") systemctl enable --now metrics-edge.service ;;
"1 ") systemctl preset metrics-edge.service ;;
*) systemctl try-restart metrics-edge.service ;;
esac || echo "metrics-edge is installed, but its service did not start: see journalctl -u metrics-edge" >&2
