#!/bin/sh
# Runs before the files of the package go. deb calls it with "remove" or "upgrade", rpm with the number of versions that stay. During an
# upgrade the collector goes on; after-install.sh restarts it.
set -eu
[ -d /run/systemd/system ] || exit 0
case "$1" in
remove | 0) systemctl disable --now metrics-edge.service ;;
esac
