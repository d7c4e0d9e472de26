// Vectors of 128 bits: a dot product of floats, sums of absolute differences of bytes, mixing of words, over 4 KiB each.
#include "kernel.h"
#include <wasm_simd128.h>

static float a[1024], b[1024];
static u8 p[4096], q[4096];
static u32 w[1024];

RUN(u32 n) {
    seed = 77;
    for (int i = 0; i < 1024; i++) {
        a[i] = (float)(next() >> 24);
        b[i] = (float)(next() >> 24);
        w[i] = next();
    }
    for (int i = 0; i < 4096; i++) {
        p[i] = next();
        q[i] = next();
    }
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        v128_t dot = wasm_f32x4_splat(0);
        for (int i = 0; i < 1024; i += 4)
            dot = wasm_f32x4_add(dot, wasm_f32x4_mul(wasm_v128_load(a + i), wasm_v128_load(b + i)));
        v128_t total = wasm_i32x4_splat(0);
        for (int i = 0; i < 4096; i += 16) {
            v128_t one = wasm_v128_load(p + i), two = wasm_v128_load(q + i);
            v128_t difference = wasm_v128_or(wasm_u8x16_sub_sat(one, two), wasm_u8x16_sub_sat(two, one));
            total = wasm_i32x4_add(total, wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(difference)));
        }
        v128_t state = wasm_i32x4_splat(round);
        for (int i = 0; i < 1024; i += 4) {
            v128_t word = wasm_v128_xor(wasm_v128_load(w + i), state);
            state = wasm_i32x4_add(wasm_i32x4_mul(word, wasm_i32x4_splat(0x9e3779b1)), wasm_u32x4_shr(state, 15));
            state = wasm_i32x4_shuffle(state, state, 1, 2, 3, 0);
            wasm_v128_store(w + i, word);
        }
        sum = mix(sum, (u32)(wasm_f32x4_extract_lane(dot, 0) + wasm_f32x4_extract_lane(dot, 3)));
        sum = mix(sum, wasm_i32x4_extract_lane(total, 1) + wasm_i32x4_extract_lane(total, 2));
        sum = mix(sum, wasm_i32x4_extract_lane(state, 0));
        a[round & 1023] += 1;
        p[round & 4095] ^= 85;
    }
    return sum;
}
