#!/usr/bin/env bash
# Runs every fuzz target for a number of seconds each, one after the other, on a stable compiler.
#   wechat-adapter/fuzz/run.sh SECONDS [TARGET...]
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?usage: run.sh SECONDS [TARGET...]}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(version_2_xml callback_body envelope version_3_answer fund_flow_bill)

# The coverage libFuzzer needs, as cargo-fuzz asks of the compiler, without a sanitizer: those need a nightly one.
passes="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
host=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target/fuzz}
RUSTFLAGS="$passes --cfg fuzzing" cargo build --release --bins --locked --target "$host"

failed=()
for target in "${targets[@]}"; do
  learnt=$CARGO_TARGET_DIR/corpus/$target
  found=$CARGO_TARGET_DIR/artifacts/$target
  mkdir -p "$learnt" "$found"
  options=(-max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1)
  echo "== $target, $seconds s"
  # Everything else libFuzzer prints is in the log.
  if "$CARGO_TARGET_DIR/$host/release/$target" "${options[@]}" -artifact_prefix="$found/" \
    "$learnt" >"$found/log" 2>&1; then
    grep '^stat::' "$found/log"
  else
    tail -n 30 "$found/log"
    failed+=("$target")
  fi
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
