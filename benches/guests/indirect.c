// Indirect calls: methods of four kinds of objects, looked up in a table of function pointers.
#include "kernel.h"

typedef struct Shape Shape;
typedef struct {
    u32 (*area)(const Shape *);
    void (*grow)(Shape *, u32);
} Methods;
struct Shape {
    const Methods *methods;
    u32 a, b;
};

static u32 square_area(const Shape *s) { return s->a * s->a; }
static void square_grow(Shape *s, u32 by) { s->a = (s->a + by) & 1023; }
static u32 box_area(const Shape *s) { return s->a * s->b; }
static void box_grow(Shape *s, u32 by) {
    s->a = (s->a + by) & 511;
    s->b = (s->b ^ by) & 1023;
}
static u32 triangle_area(const Shape *s) { return s->a * s->b / 2; }
static void triangle_grow(Shape *s, u32 by) { s->b = (s->b + 2 * by) & 1023; }
static u32 dot_area(const Shape *s) { return s->b; }
static void dot_grow(Shape *s, u32 by) { s->b ^= by; }

static const Methods kinds[4] = {
    {square_area, square_grow}, {box_area, box_grow}, {triangle_area, triangle_grow}, {dot_area, dot_grow}};
static Shape shapes[256];

RUN(u32 n) {
    seed = 99;
    for (int i = 0; i < 256; i++) shapes[i] = (Shape){&kinds[next() >> 30], next() & 1023, next() & 1023};
    u32 sum = 0;
    for (u32 round = 0; round < n; round++)
        for (int i = 0; i < 256; i++) {
            Shape *s = &shapes[i];
            s->methods->grow(s, round);
            sum += s->methods->area(s);
        }
    return sum;
}
