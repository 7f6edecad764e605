#!/usr/bin/env bash
# Approves the public API as it is now: takes the listings that the last run of PublicApiTests found different.
# Look at what `git diff` then shows: each line is something that users can call.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
shopt -s nullglob
received=(artifacts/public-api/*.txt)
((${#received[@]} > 0)) || { echo "Nothing to approve: run ./build.sh test first."; exit 0; }
mv -v "${received[@]}" test/House/PublicApi/
