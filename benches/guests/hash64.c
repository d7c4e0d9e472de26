// Hashing by multiplication: four lanes of 64 bits over 16 KiB, multiplied and rotated, folded at the end.
#include "kernel.h"

#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
#define P3 0x165667b19e3779f9ull

static u64 data[2048];

static u64 rotate(u64 x, int by) { return x << by | x >> (64 - by); }
static u64 round64(u64 lane, u64 word) { return rotate(lane + word * P2, 31) * P1; }

static NOINLINE u64 hash(u64 start) {
    u64 a = start + P1, b = start + P2, c = start, d = start - P1;
    for (int i = 0; i < 2048; i += 4) {
        a = round64(a, data[i]);
        b = round64(b, data[i + 1]);
        c = round64(c, data[i + 2]);
        d = round64(d, data[i + 3]);
    }
    u64 sum = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    sum = (sum ^ sum >> 33) * P2;
    sum = (sum ^ sum >> 29) * P3;
    return sum ^ sum >> 32;
}

RUN(u32 n) {
    seed = 7;
    for (int i = 0; i < 2048; i++) data[i] = (u64)next() << 32 | next();
    u64 sum = 0;
    for (u32 round = 0; round < n; round++) sum = hash(sum + round);
    return (u32)(sum ^ sum >> 32);
}
