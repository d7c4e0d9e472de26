// Recursion: Fibonacci, Ackermann, Takeuchi.
#include "kernel.h"

static NOINLINE u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static NOINLINE u32 ackermann(u32 m, u32 n) {
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

static NOINLINE i32 takeuchi(i32 x, i32 y, i32 z) {
    return y >= x ? z : takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y));
}

RUN(u32 n) {
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        sum = mix(sum, fibonacci(18));
        sum = mix(sum, ackermann(2, 40 + (round & 1)));
        sum = mix(sum, takeuchi(12, 8, 4));
    }
    return sum;
}
