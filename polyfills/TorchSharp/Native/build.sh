#!/usr/bin/env bash
# Compiles shim.cpp against the installed libtorch into OUTPUT_DIR/libLibTorchSharp.so, unless that is up to date.
#   build.sh [OUTPUT_DIR]      default: artifacts/native/torch of the repository
# Needs Debian's g++ and libtorch-dev; CXX, and LIBTORCH (a folder with include/ and lib/) choose others.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=${1:-$here/../../../artifacts/native/torch}
target=$output/libLibTorchSharp.so
compiler=${CXX:-g++}

if [[ -n ${LIBTORCH:-} ]]; then
  include=$LIBTORCH/include
  includes=(-isystem "$include" -isystem "$include/torch/csrc/api/include")
  links=(-L"$LIBTORCH/lib" -Wl,-rpath,"$LIBTORCH/lib")
else
  # The compiler searches /usr/include by itself; naming it would put it before the C++ library's headers.
  include=/usr/include
  includes=(-isystem "$include/torch/csrc/api/include")
  links=()
fi
if [[ ! -f $include/ATen/ATen.h ]]; then
  echo "libtorch's headers are not in $include: install libtorch-dev, or set LIBTORCH." >&2
  exit 1
fi

# -ffp-contract stays off so that arithmetic here rounds where its source says, and nowhere else.
flags=(-std=c++17 -O3 -fno-math-errno -fopenmp -fPIC -shared -fvisibility=hidden -ffp-contract=off -Wall -Wextra "${includes[@]}")

# What the result depends on: the sources, the compiler, its flags, and the libtorch that it finds.
stamp=$({
  cat "$here/shim.cpp" "$here/build.sh"
  "$compiler" --version
  printf '%s\n' "${flags[@]}" "${links[@]}"
  cat "$include/torch/csrc/api/include/torch/version.h"
  stat -L -c '%n %s %Y' "$include/ATen/ATen.h"
} | sha256sum | cut -d' ' -f1)
if [[ -f $target && -f $target.stamp && $(<"$target.stamp") == "$stamp" ]]; then
  exit 0
fi

echo "Compiling the libtorch shim (about a quarter of a minute)"
mkdir -p "$output"
temporary=$(mktemp "$output/.libLibTorchSharp.XXXXXX")
trap 'rm -f "$temporary"' EXIT
"$compiler" "${flags[@]}" "$here/shim.cpp" -o "$temporary" "${links[@]}" -ltorch_cpu -lc10 -Wl,--no-undefined
chmod 644 "$temporary"
mv -f "$temporary" "$target"
echo "$stamp" >"$target.stamp"
