#!/bin/sh
# Renews static/vendor with the version of ECharts that package-lock.json pins. Needs npm and gzip. After a change of
# package.json run `npm install --package-lock-only` and this, and commit the result. Compiling needs no npm.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp package.json package-lock.json .npmrc "$work"
(cd "$work" && npm ci --omit=dev --no-audit --no-fund)
from=$work/node_modules/echarts
to=static/vendor
mkdir -p "$to"
gzip -9 -n -c "$from/dist/echarts.min.js" >"$to/echarts.min.js.gz"
cp "$from/LICENSE" "$to/echarts.LICENSE"
cp "$from/NOTICE" "$to/echarts.NOTICE"
cp "$from/licenses/LICENSE-d3" "$to/echarts.LICENSE-d3"
# echarts.min.js contains these two libraries.
cp "$work/node_modules/zrender/LICENSE" "$to/zrender.LICENSE"
cp "$work/node_modules/tslib/LICENSE.txt" "$to/tslib.LICENSE"
