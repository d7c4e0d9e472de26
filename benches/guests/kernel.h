// What every C kernel shares: types of fixed size, a pseudo-random generator, a running checksum.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
typedef double f64;

// The one export: does its work `n` times over, returns a checksum of all that was computed.
#define RUN __attribute__((export_name("run"))) u32 run
// Keeps the compiler from doing at build time, or once, what is meant to be done by the engine each time.
#define NOINLINE __attribute__((noinline))

static u32 seed;

// xorshift32
static inline u32 next(void) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static inline u32 mix(u32 sum, u32 value) { return (sum ^ value) * 0x9e3779b1u + (sum >> 15); }
