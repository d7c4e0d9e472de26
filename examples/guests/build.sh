#!/usr/bin/env bash
# Rebuilds every guest of this folder into wasm/, or only those named: build.sh [NAME]...
# The results are committed: nothing here runs in CI, and nobody needs these tools to use or test hostel.
#
# Tools, each replaceable by a variable:
#   CC        a C compiler for wasm32-wasi with libc     zig cc -target wasm32-wasi   (or a wasi-sdk clang)
#   ZIG       zig 0.14 or newer                          zig
#   RUSTC     rustc with a WASI preview1 target          rustc                        (Debian's: add -C linker=wasm-ld)
#   TARGET    that target's name                         wasm32-wasip1                (wasm32-wasi before 1.78)
#   WAT2WASM  the text assembler of wabt                 wat2wasm
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

: "${ZIG:=zig}" "${CC:=$ZIG cc -target wasm32-wasi}" "${RUSTC:=rustc}" "${TARGET:=wasm32-wasip1}" "${WAT2WASM:=wat2wasm}"

# Small, stripped (text guests keep their names), and without the paths of the machine that builds.
build() {
    local source=$1 output=$2
    case $source in
        *.wat) "$WAT2WASM" --debug-names "$source" -o "$output" ;;
        # CC and RUSTC are commands with their options: they are meant to be split
        *.c) $CC -std=gnu11 -Wall -Wextra -Oz -ffile-prefix-map="$PWD"=. -Wl,--strip-all "$source" -o "$output" ;;
        *.zig) "$ZIG" build-exe -target wasm32-wasi -O ReleaseSmall -fstrip -fno-entry -rdynamic --stack 65536 \
            -femit-bin="$output" "$source" ;;
        *.rs) $RUSTC --edition 2021 --target "$TARGET" -C opt-level=z -C lto -C panic=abort -C codegen-units=1 \
            -C strip=symbols --remap-path-prefix "$PWD"=. "$source" -o "$output" ;;
    esac
}

mkdir -p wasm
for source in *.wat *.c *.zig *.rs; do
    name=${source%.*}
    if [ $# -eq 0 ] || [[ " $* " == *" $name "* ]]; then
        build "$source" "wasm/$name.wasm"
        chmod 644 "wasm/$name.wasm"
        printf '%-10s %7d bytes\n' "$name" "$(wc -c <"wasm/$name.wasm")"
    fi
done
