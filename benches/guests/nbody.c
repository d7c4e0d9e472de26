// Double-precision arithmetic on a few structures: five bodies pull at each other.
#include "kernel.h"

typedef struct {
    f64 x, y, z, vx, vy, vz, mass;
} Body;

static Body bodies[5];

static void place(void) {
    seed = 12345;
    for (int i = 0; i < 5; i++) {
        Body *b = &bodies[i];
        f64 *field = &b->x;
        for (int k = 0; k < 7; k++) field[k] = (f64)(next() >> 8) / (1 << 24) - (k < 6 ? 0.5 : 0.0);
        b->x += i * 2.0;
    }
}

static void step(f64 dt) {
    for (int i = 0; i < 5; i++) {
        Body *a = &bodies[i];
        for (int j = i + 1; j < 5; j++) {
            Body *b = &bodies[j];
            f64 dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            f64 square = dx * dx + dy * dy + dz * dz + 0.01;
            f64 force = dt / (square * __builtin_sqrt(square));
            a->vx -= dx * b->mass * force;
            a->vy -= dy * b->mass * force;
            a->vz -= dz * b->mass * force;
            b->vx += dx * a->mass * force;
            b->vy += dy * a->mass * force;
            b->vz += dz * a->mass * force;
        }
    }
    for (int i = 0; i < 5; i++) {
        Body *b = &bodies[i];
        b->x += dt * b->vx;
        b->y += dt * b->vy;
        b->z += dt * b->vz;
    }
}

RUN(u32 n) {
    place();
    for (u32 i = 0; i < n; i++) step(0.001);
    u32 sum = 0;
    for (int i = 0; i < 5; i++) sum = mix(sum, (u32)(i32)(bodies[i].x * 1e6) ^ (u32)(i32)(bodies[i].vy * 1e6));
    return sum;
}
