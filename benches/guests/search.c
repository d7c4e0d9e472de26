// String search in 16 KiB: byte by byte, by Horspool's skips, by Knuth, Morris and Pratt's table.
#include "kernel.h"

#define SIZE 16384
static u8 text[SIZE];

static NOINLINE u32 naive(const u8 *needle, u32 length) {
    u32 count = 0;
    for (u32 at = 0; at + length <= SIZE; at++) {
        u32 i = 0;
        while (i < length && text[at + i] == needle[i]) i++;
        count += i == length;
    }
    return count;
}

static NOINLINE u32 horspool(const u8 *needle, u32 length) {
    static u32 skip[256];
    for (int i = 0; i < 256; i++) skip[i] = length;
    for (u32 i = 0; i + 1 < length; i++) skip[needle[i]] = length - 1 - i;
    u32 count = 0;
    for (u32 at = 0; at + length <= SIZE; at += skip[text[at + length - 1]]) {
        u32 i = length;
        while (i && text[at + i - 1] == needle[i - 1]) i--;
        count += i == 0;
    }
    return count;
}

static NOINLINE u32 knuth(const u8 *needle, u32 length) {
    static u32 border[32];
    u32 k = 0, count = 0;
    border[0] = 0;
    for (u32 i = 1; i < length; i++) {
        while (k && needle[i] != needle[k]) k = border[k - 1];
        if (needle[i] == needle[k]) k++;
        border[i] = k;
    }
    k = 0;
    for (u32 at = 0; at < SIZE; at++) {
        while (k && text[at] != needle[k]) k = border[k - 1];
        if (text[at] == needle[k]) k++;
        if (k == length) {
            count++;
            k = border[k - 1];
        }
    }
    return count;
}

RUN(u32 n) {
    seed = 3;
    for (int i = 0; i < SIZE; i++) text[i] = 'a' + (next() >> 30);
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        const u8 *needle = text + (round * 37 & 8191);
        u32 length = 4 + (round & 7), count = naive(needle, length);
        if (horspool(needle, length) != count || knuth(needle, length) != count) return 0;
        sum = mix(sum, count);
    }
    return sum;
}
