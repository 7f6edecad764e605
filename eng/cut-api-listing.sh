#!/usr/bin/env bash
# Writes polyfills/api/: the listings of the real packages' public API, cut to the members that the polyfills offer.
#   eng/cut-api-listing.sh FOLDER     FOLDER holds the full listings, one NAME-VERSION.txt for each package
# To run after a polyfill has gained or lost a member. A member that the real package lacks is named, and the exit status 1.
set -euo pipefail
(($# == 1)) || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
full=$(cd "$1" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p polyfills/api
export Supplier=polyfills
dotnet build eng/ApiTool/ApiTool.csproj -c Release -v quiet -nodeReuse:false -clp:"NoSummary;ErrorsOnly"
dotnet artifacts/polyfills/bin/ApiTool/release/ApiTool.dll "$full" polyfills/api
