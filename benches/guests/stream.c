// Words through memory: copy, scale, add, triad over three arrays of 64 KiB, as STREAM does it.
#include "kernel.h"

#define SIZE 8192
static f64 a[SIZE], b[SIZE], c[SIZE];

RUN(u32 n) {
    for (u32 i = 0; i < SIZE; i++) {
        a[i] = i;
        b[i] = 2;
        c[i] = 0;
    }
    for (u32 round = 0; round < n; round++) {
        for (u32 i = 0; i < SIZE; i++) c[i] = a[i] + 1.0;
        for (u32 i = 0; i < SIZE; i++) b[i] = 0.25 * c[i];
        for (u32 i = 0; i < SIZE; i++) c[i] = a[i] + b[i];
        for (u32 i = 0; i < SIZE; i++) a[i] = b[i] + 0.5 * c[i];
    }
    u32 sum = 0;
    for (u32 i = 0; i < SIZE; i++) sum = mix(sum, (u32)(i64)(a[i] * 1024));
    return sum;
}
