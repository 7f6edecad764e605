#!/usr/bin/env bash
# One entry for everything: set-up, demo, tests, benchmarks, packages. `./build.sh` without arguments prints the usage.
#
# Every command does whatever set-up is missing, says so, and can be run again. Prerequisites are checked before anything
# is downloaded or built, so that a machine that lacks one is left as it was.
# shellcheck disable=SC2046,SC2086 # lists of package names are split into words on purpose
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'USAGE'
usage: ./build.sh COMMAND [options] [arguments]

  demo           train, score and export on two real data sets; writes artifacts/demo/
  test           build everything and run all tests; arguments go to the runner: ./build.sh test --filter Name~Score
                 (installs, where it can, the tools that exported files are tried with: see docs/onnx.md)
  bench [NAME]   run a benchmark, e.g. ./build.sh bench torch; without a name, all of them
  pack [FOLDER]  write the three NuGet packages to FOLDER (artifacts/nupkg)
  clean          delete artifacts/ and the downloaded node_modules

  --packages     use the NuGet packages Microsoft.ML, Microsoft.ML.OnnxRuntime and TorchSharp
  --polyfills    use the projects under polyfills/ in their place
                 (without either: asked once of the configured package sources, remembered in artifacts/supplier)
  --cuda         with the polyfills: also download ONNX Runtime's CUDA provider
USAGE
}

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
# No server outlives the command: not MSBuild's nodes, not the compiler's.
readonly dotnet_flags=(-nodeReuse:false -p:UseSharedCompilation=false -v quiet -clp:NoSummary)

# ---------------------------------------------------------------------------------------------------- commands

demo() {
  set_up
  build samples/Demo/Demo.csproj
  dotnet "$(output_of Demo)" "$@"
}

test_() {
  set_up
  install_test_tools
  build MLNetAutoencoder.sln
  mkdir -p artifacts/logs
  local log=artifacts/logs/test.log status=0
  dotnet "$(output_of MLNetAutoencoder.Tests)" --ansi off --progress off --output Detailed "$@" 2>&1 | tee "$log" || status=$?
  summarise_tests "$log" "$status"
}

bench() {
  set_up
  if [[ "${1:-torch}" == @(torch|training) && "$Supplier" == polyfills ]]; then
    install_debian_packages python3-torch # the other side of the comparison, on the same libtorch
  fi
  build bench/MLNetAutoencoder.Bench.csproj
  dotnet "$(output_of MLNetAutoencoder.Bench)" "$@"
}

pack() {
  local folder=${1:-artifacts/nupkg}
  set_up
  build src/Trainers/MLNetAutoencoder.Trainers.csproj # and with it the two below
  mkdir -p "$folder"
  rm -f "$folder"/MLNetAutoencoder.*.nupkg
  quietly dotnet pack MLNetAutoencoder.sln -c Release --no-build -o "$folder" "${dotnet_flags[@]}"
  say "Packages:"
  ls -1 "$folder"/MLNetAutoencoder.*.nupkg
  if [[ "$Supplier" == polyfills ]]; then
    say "Their assemblies are bound to the polyfills, for a look at the packages only: publish what --packages packs."
  fi
}

clean() {
  say "Deleting artifacts/, $onnx_runtime/node_modules and $test_tools/node_modules."
  rm -rf artifacts "$onnx_runtime/node_modules" "$test_tools/node_modules"
  # Left by an IDE or by a build from before artifacts/ held everything.
  find src test samples bench polyfills eng -depth -type d \( -name bin -o -name obj \) -exec rm -rf {} + 2>/dev/null || true
}

# ---------------------------------------------------------------------------------------------------- building

build() {
  say "Building $1 ..."
  quietly dotnet build "$1" -c Release "${dotnet_flags[@]}"
}

# The assembly that the build of a project left; the layout is that of UseArtifactsOutput.
output_of() { echo "artifacts/$Supplier/bin/$1/release/$1.dll"; }

# Runs a command; shows what it wrote only when it fails.
quietly() {
  mkdir -p artifacts/logs
  local log status=0
  log=$(mktemp artifacts/logs/step.XXXXXX)
  "$@" >"$log" 2>&1 || status=$?
  if ((status != 0)); then
    # Each error once; MSBuild repeats them for each project that they stop.
    { grep -E '(error|warning)( [A-Z]+[0-9]+)? ?:' "$log" | sed 's/ \[[^]]*\]$//' | awk '!seen[$0]++' || cat "$log"; } >&2
    rm -f "$log"
    die "'$1 ${2:-} ${3:-}' failed (above)."
  fi
  rm -f "$log"
}

# ---------------------------------------------------------------------------------------------------- test summary

# The last lines of a test run: what was skipped and why, and the one line that says how it went.
summarise_tests() {
  local log=$1 status=$2 summary passed failed skipped
  summary=$(sed -n '/^Test run summary:/,$p' "$log")
  passed=$(count_in "$summary" succeeded) failed=$(count_in "$summary" failed) skipped=$(count_in "$summary" skipped)
  if [[ -z "$passed" || -z "$failed" || -z "$skipped" ]]; then
    die "the test runner stopped before its summary (exit status $status); the last test that it finished: $(grep -E '^(passed|failed|skipped) ' "$log" | tail -n 1 || true)"
  fi
  if ((skipped > 0)); then
    printf "\nSkipped:\n"
    awk '/^skipped / { name = substr($0, 9); sub(/ \([^()]*\)$/, "", name); reason = 1; next } reason { sub(/^ +(Assert\.Inconclusive\. )?/, ""); print "  " name ": " $0; reason = 0 }' "$log"
  fi
  printf "\n%s\n" "$passed passed, $failed failed$( ((skipped == 0)) || echo ", $skipped skipped")"
  ((status == 0 && passed > 0))
}

count_in() { sed -n "s/^  $2: \\([0-9]*\\)$/\\1/p" <<<"$1" | tail -n 1; }

# ---------------------------------------------------------------------------------------------------- set-up

set_up() {
  check_sdk
  choose_supplier
  say "Supplier: $Supplier ($supplier_reason)"
  if [[ "$Supplier" == polyfills ]]; then
    check_polyfill_prerequisites
    install_debian_packages $(polyfill_packages)
    install_onnx_runtime
    build_torch_shim
  elif ((cuda)); then
    say "--cuda has no effect with the packages: Microsoft.ML.OnnxRuntime.Gpu holds the CUDA provider."
  fi
}

check_sdk() {
  local needs="this project needs the .NET SDK 10.0 or later: install it (package dotnet-sdk-10.0) and put 'dotnet' on the PATH"
  command -v dotnet >/dev/null || die "no 'dotnet' found; $needs."
  local version
  version=$(dotnet --version 2>/dev/null) || die "'dotnet' has no SDK; $needs."
  ((${version%%.*} >= 10)) || die "the .NET SDK found is $version; $needs."
}

# Sets Supplier (exported: MSBuild reads it) and supplier_reason. Where no option decides, the configured package sources
# do: they are asked by a restore of the pinned packages. Only their own answer is remembered, not a failure to reach them.
choose_supplier() {
  local remembered=artifacts/supplier
  if [[ -n "$forced_supplier" ]]; then
    Supplier=$forced_supplier supplier_reason="as --$forced_supplier says"
  elif [[ "$remembered" -nt Directory.Packages.props ]]; then
    read -r Supplier supplier_reason <"$remembered"
  else
    say "Asking the configured package sources for Microsoft.ML, ONNX Runtime and TorchSharp (once) ..."
    ask_package_sources
    if ((sources_answered)); then
      printf '%s %s\n' "$Supplier" "$supplier_reason" >"$remembered"
    fi
  fi
  export Supplier
}

ask_package_sources() {
  local probe=artifacts/probe log=artifacts/probe/restore.log id missing
  local ids=(Microsoft.ML Microsoft.ML.OnnxTransformer Microsoft.ML.OnnxConverter Microsoft.ML.OnnxRuntime.Managed Microsoft.ML.OnnxRuntime.Gpu TorchSharp TorchSharp-cpu)
  mkdir -p "$probe"
  {
    echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup><ItemGroup>'
    for id in "${ids[@]}"; do echo "<PackageReference Include=\"$id\" />"; done
    echo '</ItemGroup></Project>'
  } >"$probe/Probe.csproj"
  sources_answered=1
  if Supplier=packages dotnet restore "$probe/Probe.csproj" -nodeReuse:false >"$log" 2>&1; then
    Supplier=packages supplier_reason="the configured package sources have them"
    return
  fi
  Supplier=polyfills
  # NU1101: no such package; NU1102, NU1103: no such version; NU1603: only a newer one, which may bring on NU1605. Anything else is no answer.
  missing=$(sed -nE "s/.*error NU110[123]: Unable to find a? *(stable )?package ([^ ]*[^ .]).*/\2/p; s/.*error NU1603: .* but ([^ ]+) .* was not found.*/\1/p" "$log" | sort -u | paste -sd ' ')
  if [[ -n "$missing" ]] && ! grep 'error ' "$log" | grep -qvE 'NU(110[123]|1603|1605)'; then
    supplier_reason="the configured package sources lack ${missing// /, }"
  else
    sources_answered=0
    supplier_reason="for now: the package sources gave no answer, see $log: $(grep -m 1 -oE 'error .*' "$log" || tail -n 1 "$log")"
  fi
}

# What the TorchSharp polyfill is built from: a compiler, Debian's libtorch, and a BLAS for it that is fast.
# CXX names another compiler; LIBTORCH another libtorch, a folder with include/ and lib/.
polyfill_packages() {
  [[ -n "${CXX:-}" ]] || command -v g++ >/dev/null || echo g++
  [[ -n "${LIBTORCH:-}" ]] || printf '%s\n' libtorch-dev libopenblas0-openmp
}

# Every prerequisite of the polyfills, before anything of them is downloaded or built.
check_polyfill_prerequisites() {
  [[ "$(uname -s) $(uname -m)" == "Linux x86_64" ]] || die "the polyfills need Linux on x64; here, the package sources must offer the packages themselves (supplier: $supplier_reason)."
  onnx_runtime_present || command -v npm >/dev/null || die "no 'npm' found: the ONNX Runtime polyfill is an npm package; install npm (apt-get install npm)."
  [[ -z "${CXX:-}" ]] || command -v "$CXX" >/dev/null || die "CXX names the C++ compiler '$CXX', which is not on the PATH; install it, or unset CXX to use g++."
  local missing
  missing=$(missing_debian_packages $(polyfill_packages))
  [[ -z "$missing" ]] || check_can_install $missing
}

missing_debian_packages() {
  local package
  for package in "$@"; do
    [[ "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" == "install ok installed" ]] || echo "$package"
  done
}

# Dies with what to install where this user cannot.
check_can_install() {
  command -v apt-get >/dev/null || die "this is no Debian system and lacks $(listed "$@"): install them (compiler and libtorch may also be named by CXX and LIBTORCH)."
  ((EUID == 0)) || die "$(listed "$@") must be installed, which needs root: run 'apt-get install $*' as root, then this again."
}

install_debian_packages() {
  local missing
  missing=$(missing_debian_packages "$@")
  [[ -n "$missing" ]] || return 0
  check_can_install $missing
  say "Installing from Debian: $(listed $missing) ..."
  quietly apt-get update
  DEBIAN_FRONTEND=noninteractive quietly apt-get install --yes --no-install-recommends $missing
}

listed() { local IFS=,; local text="$*"; echo "${text//,/, }"; }

readonly onnx_runtime=polyfills/OnnxRuntime test_tools=test/Tools

onnx_runtime_present() {
  npm_package_present $onnx_runtime com.github.asus4.onnxruntime && { ((!cuda)) || npm_package_present $onnx_runtime com.github.asus4.onnxruntime.linux-x64-gpu; }
}

# Whether the folder's node_modules has the package in the version that its package.json pins.
npm_package_present() {
  local folder=$1 package=$2 version
  version=$(sed -n "s/.*\"$package\": \"\\(.*\\)\".*/\\1/p" "$folder/package.json")
  grep -qs "\"version\": \"$version\"" "$folder/node_modules/$package/package.json"
}

install_onnx_runtime() {
  onnx_runtime_present && return
  local with_cuda=()
  ((!cuda)) || with_cuda=(--include=optional)
  say "Downloading ONNX Runtime$( ((!cuda)) || echo " and its CUDA provider") ..."
  (cd $onnx_runtime && npm ci --ignore-scripts "${with_cuda[@]}" >/dev/null) || die "npm could not download ONNX Runtime (above)."
  onnx_runtime_present || die "npm ended well, but $onnx_runtime/node_modules lacks what $onnx_runtime/package.json pins."
}

# The tools that the tests try exported files with, and PyTorch, which makes foreign ones. What cannot be installed is said here, and
# skipped by its tests; nothing else depends on it.
install_test_tools() {
  local package failed=0
  [[ -z "$(missing_debian_packages "${test_packages[@]}")" ]] || (install_debian_packages "${test_packages[@]}") || failed=1
  if ((failed)); then
    # One that cannot be had does not keep the others away.
    for package in $(missing_debian_packages "${test_packages[@]}"); do
      (install_debian_packages "$package") 2>/dev/null || say "Going on without $package; its tests are skipped."
    done
  fi
  test_tools_present || (install_npm_tools) || say "Going on without ONNX Runtime in JavaScript; its tests are skipped."
}

readonly test_packages=(python3-onnx python3-opencv python3-torch)

test_tools_present() { npm_package_present $test_tools onnxruntime-node && npm_package_present $test_tools onnxruntime-web; }

install_npm_tools() {
  command -v npm >/dev/null || die "no 'npm' found, which installs onnxruntime-node and onnxruntime-web."
  say "Downloading ONNX Runtime in JavaScript, for the tests ..."
  cd $test_tools
  npm ci --ignore-scripts >/dev/null || die "npm could not download what $test_tools/package.json pins (above)."
}

# The C++ half of the TorchSharp polyfill; its script compiles only what changed.
build_torch_shim() {
  polyfills/TorchSharp/Native/build.sh artifacts/native/torch || die "the libtorch shim did not compile (above)."
}

# ---------------------------------------------------------------------------------------------------- arguments

forced_supplier='' cuda=0 command='' arguments=()
for argument in "$@"; do
  case $argument in
    --packages | --polyfills) forced_supplier=${argument#--} ;;
    --cuda) cuda=1 ;;
    --help | -h) usage; exit 0 ;;
    *) if [[ -z "$command" ]]; then command=$argument; else arguments+=("$argument"); fi ;;
  esac
done
case $command in
  demo | bench | pack | clean) "$command" "${arguments[@]}" ;;
  test) test_ "${arguments[@]}" ;;
  '') usage ;;
  *) usage >&2; die "no such command: $command" ;;
esac
