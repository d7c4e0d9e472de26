// Matrix multiplication, 32×32: doubles, and words of 32 bits.
#include "kernel.h"

#define SIZE 32
static f64 a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];
static i32 x[SIZE][SIZE], y[SIZE][SIZE], z[SIZE][SIZE];

static NOINLINE void doubles(void) {
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            f64 sum = 0;
            for (int k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

static NOINLINE void words(void) {
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            i32 sum = 0;
            for (int k = 0; k < SIZE; k++) sum += x[i][k] * y[k][j];
            z[i][j] = sum;
        }
}

RUN(u32 n) {
    seed = 5;
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = (f64)(next() >> 20) / 64;
            b[i][j] = (f64)(next() >> 20) / 64;
            x[i][j] = next() >> 8;
            y[i][j] = next() >> 8;
        }
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        doubles();
        words();
        sum = mix(sum, (u32)(i64)c[round % SIZE][3] ^ (u32)z[3][round % SIZE]);
        a[round % SIZE][7] += 1;
        y[7][round % SIZE] ^= z[3][round % SIZE];
    }
    return sum;
}
