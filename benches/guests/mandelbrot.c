// Double-precision arithmetic in locals alone: iterations until a point of a 64×64 grid escapes.
#include "kernel.h"

static u32 escape(f64 cx, f64 cy, u32 limit) {
    f64 x = 0, y = 0;
    for (u32 i = 0; i < limit; i++) {
        f64 xx = x * x, yy = y * y;
        if (xx + yy > 4.0) return i;
        y = 2 * x * y + cy;
        x = xx - yy + cx;
    }
    return limit;
}

RUN(u32 n) {
    u32 sum = 0;
    for (int row = 0; row < 64; row++)
        for (int column = 0; column < 64; column++)
            sum = mix(sum, escape(column / 21.0 - 2.0, row / 32.0 - 1.0, n));
    return sum;
}
