#!/usr/bin/env bash
# Rebuilds every kernel of this folder into wasm/, or only those named: build.sh [NAME]...
# The results are committed: nothing here runs in CI, and nobody needs these tools to measure.
#
# Each is a module without imports that exports `run: (i32) -> i32`. What is committed was built with zig 0.17.1 (which
# brings clang) and rustc 1.95.0. Tools, each replaceable by a variable:
#   ZIG       zig 0.14 or newer, of which `zig cc` too   zig      (pip install ziglang: python -m ziglang)
#   RUSTC     rustc with wasm32-unknown-unknown          rustc
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

: "${ZIG:=zig}" "${RUSTC:=rustc}"

# For speed, as guests are built that compute; stripped, with stacks of 64 KiB. Vectors only where a kernel asks for them.
build() {
    local source=$1 output=$2 simd=
    case $source in
        simd.c) simd=-msimd128 ;;
    esac
    # ZIG and RUSTC are commands with their options: they are meant to be split
    case $source in
        *.c) $ZIG cc -target wasm32-freestanding -std=gnu11 -Wall -Wextra -O3 $simd -fno-sanitize=undefined -nostdlib \
            -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=65536 "$source" -o "$output" ;;
        *.zig) $ZIG build-exe -target wasm32-freestanding -O ReleaseFast -fstrip -fno-entry -rdynamic --stack 65536 \
            -femit-bin="$output" "$source" ;;
        *.rs) $RUSTC --edition 2021 --crate-type cdylib --target wasm32-unknown-unknown -C opt-level=3 -C lto \
            -C panic=abort -C codegen-units=1 -C strip=symbols -C link-arg=-zstack-size=65536 \
            --remap-path-prefix "$PWD"=. "$source" -o "$output" ;;
    esac
}

mkdir -p wasm
for source in *.c *.zig *.rs; do
    name=${source%.*}
    if [ $# -eq 0 ] || [[ " $* " == *" $name "* ]]; then
        build "$source" "wasm/$name.wasm"
        chmod 644 "wasm/$name.wasm"
        printf '%-12s %7d bytes\n' "$name" "$(wc -c <"wasm/$name.wasm")"
    fi
done
