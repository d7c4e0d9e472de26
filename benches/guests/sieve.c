// Bytes in memory: the sieve of Eratosthenes over 64 KiB.
#include "kernel.h"

#define SIZE 65536
static u8 composite[SIZE];

RUN(u32 n) {
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        for (u32 i = 0; i < SIZE; i++) composite[i] = 0;
        for (u32 i = 2; i * i < SIZE; i++)
            if (!composite[i])
                for (u32 k = i * i; k < SIZE; k += i) composite[k] = 1;
        u32 count = 0;
        for (u32 i = 2; i < SIZE; i++) count += !composite[i];
        sum = mix(sum, count + round);
    }
    return sum;
}
