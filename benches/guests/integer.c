// Integer arithmetic without memory: lengths of Collatz sequences (64 bits), greatest common divisors (32 bits).
#include "kernel.h"

static u32 collatz(u64 value) {
    u32 steps = 0;
    while (value != 1) {
        value = value & 1 ? 3 * value + 1 : value >> 1;
        steps++;
    }
    return steps;
}

static u32 gcd(u32 a, u32 b) {
    while (b) {
        u32 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

RUN(u32 n) {
    u32 sum = 0;
    for (u32 i = 1; i <= n; i++) {
        sum = mix(sum, collatz(i));
        sum = mix(sum, gcd(i * 2654435761u, 0x7fffffffu - i));
    }
    return sum;
}
