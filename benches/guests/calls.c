// Direct calls of small functions, with one to six parameters, some of which call others.
#include "kernel.h"

static NOINLINE u32 one(u32 a) { return a * 5 + 1; }
static NOINLINE u32 two(u32 a, u32 b) { return a ^ (b >> 3); }
static NOINLINE u64 three(u32 a, u64 b, u32 c) { return b + a - c; }
static NOINLINE u32 four(u32 a, u32 b, u32 c, u32 d) { return two(a + b, c - d); }
static NOINLINE u32 six(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f) { return four(a, b, c, d) + one(e ^ f); }

RUN(u32 n) {
    u32 x = 1;
    u64 y = 7;
    for (u32 i = 0; i < n; i++) {
        x = one(x);
        x = two(x, i);
        y = three(x, y, i);
        x = four(x, i, (u32)y, 3);
        x = six(x, i, 1, (u32)y, x, i);
    }
    return mix(x, (u32)(y ^ y >> 32));
}
