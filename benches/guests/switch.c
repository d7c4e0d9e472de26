// br_table: a dense switch, taken on bytes that no predictor knows beforehand.
#include "kernel.h"

static u8 input[4096];

RUN(u32 n) {
    seed = 4242;
    for (int i = 0; i < 4096; i++) input[i] = next() >> 27;
    u32 a = 1, b = 2, c = 3;
    for (u32 round = 0; round < n; round++)
        for (int i = 0; i < 4096; i++)
            switch (input[i]) {
            case 0: a += b; break;
            case 1: b += c; break;
            case 2: c += a; break;
            case 3: a -= c; break;
            case 4: b ^= a; break;
            case 5: c ^= b; break;
            case 6: a <<= 1; break;
            case 7: b = b >> 1 | b << 31; break;
            case 8: c *= 3; break;
            case 9: a = ~a; break;
            case 10: b = a & c; break;
            case 11: c |= 1; break;
            case 12: a = a > b ? a - b : b - a; break;
            case 13: b *= a; break;
            case 14: c = (c >> 3) + b; break;
            case 15: a ^= c << 5; break;
            case 16: b += 17; break;
            case 17: c -= 5; break;
            case 18: a = b ^ c; break;
            case 19: b = c + i; break;
            case 20: c = a - i; break;
            case 21: a += input[a & 4095]; break;
            case 22: b += input[b & 4095]; break;
            case 23: c += input[c & 4095]; break;
            case 24: a = a >> 7 | a << 25; break;
            case 25: if (a & 1) b++; break;
            case 26: if (b & 1) c++; break;
            case 27: if (c & 1) a++; break;
            case 28: a += round; break;
            case 29: b ^= round; break;
            case 30: c += b * 5; break;
            default: a ^= b, b ^= c, c ^= a; break;
            }
    return mix(mix(a, b), c);
}
