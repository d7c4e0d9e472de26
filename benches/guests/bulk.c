// memory.copy and memory.fill: many of a few bytes, some of a page, overlapping both ways.
#include "kernel.h"

static u8 data[65536];

static NOINLINE void copy(u32 to, u32 from, u32 length) { __builtin_memmove(data + to, data + from, length); }
static NOINLINE void fill(u32 to, u8 value, u32 length) { __builtin_memset(data + to, value, length); }

RUN(u32 n) {
    seed = 1;
    for (int i = 0; i < 65536; i++) data[i] = next();
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        for (int i = 0; i < 64; i++) {
            u32 random = next();
            copy(random & 32767, random >> 17, 1 + (random >> 9 & 63));
            fill(next() & 65023, round, 1 + (random & 31));
        }
        copy(round & 4095, round & 1023, 4096);
        copy(32768 + (round & 1023), 32768 + (round & 4095), 4096);
        fill(16384 + (round & 4095), round, 256);
        sum = mix(sum, data[round & 65535] + data[sum & 65535]);
    }
    return sum;
}
