// Compression: 16 KiB of text-like bytes, packed by back references found through a hash table, and unpacked again.
//
// A token byte t < 128 is followed by t + 1 literals; else it is a copy of t - 124 bytes from the distance that follows,
// a u16, little end first.
#include "kernel.h"

#define SIZE 16384
static u8 plain[SIZE], packed[2 * SIZE], again[SIZE];
static u16 last[4096];

static void write_text(void) {
    static const char words[16][8] = {"alpha ", "beta ", "gamma ", "delta ", "host ", "guest ", "memory ", "table ",
                                      "the ", "of ", "and ", "call ", "trap ", "value ", "\n", "fd_read"};
    u32 at = 0;
    while (at < SIZE) {
        const char *word = words[next() >> 28];
        for (int i = 0; i < 8 && word[i] && at < SIZE; i++) plain[at++] = word[i];
        if ((next() & 7) == 0 && at < SIZE) plain[at++] = '0' + next() % 10;
    }
}

static u32 hash(const u8 *p) { return (p[0] << 16 ^ p[1] << 8 ^ p[2] ^ p[3] * 40503) * 2654435761u >> 20; }

static u32 literals(u32 out, u32 from, u32 to) {
    while (from < to) {
        u32 count = to - from < 128 ? to - from : 128;
        packed[out++] = count - 1;
        for (u32 i = 0; i < count; i++) packed[out++] = plain[from++];
    }
    return out;
}

static NOINLINE u32 pack(void) {
    for (int i = 0; i < 4096; i++) last[i] = 0xffff;
    u32 out = 0, start = 0, at = 0;
    while (at + 4 <= SIZE) {
        u32 slot = hash(plain + at), from = last[slot], length = 0;
        last[slot] = at;
        if (from < at)
            while (length < 131 && at + length < SIZE && plain[from + length] == plain[at + length]) length++;
        if (length < 4) {
            at++;
            continue;
        }
        out = literals(out, start, at);
        packed[out++] = 124 + length;
        packed[out++] = at - from;
        packed[out++] = (at - from) >> 8;
        at += length;
        start = at;
    }
    return literals(out, start, SIZE);
}

static NOINLINE u32 unpack(u32 length) {
    u32 out = 0;
    for (u32 at = 0; at < length;) {
        u32 token = packed[at++];
        if (token < 128)
            for (u32 i = 0; i <= token; i++) again[out++] = packed[at++];
        else {
            u32 from = out - (packed[at] | packed[at + 1] << 8);
            at += 2;
            for (u32 i = 0; i < token - 124; i++) again[out++] = again[from++];
        }
    }
    return out;
}

RUN(u32 n) {
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        seed = round + 1;
        write_text();
        u32 length = pack();
        if (unpack(length) != SIZE) return 0;
        for (u32 i = 0; i < SIZE; i++)
            if (plain[i] != again[i]) return 0;
        sum = mix(sum, length);
    }
    return sum;
}
