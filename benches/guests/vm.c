// An interpreter inside the guest: a stack machine, whose program counts primes by trial division.
#include "kernel.h"

enum { PUSH, LOAD, STORE, ADD, MUL, MOD, LESS, JUMP, JUMP_IF, JUMP_UNLESS, HALT };
enum { LIMIT, CANDIDATE, DIVISOR, COUNT };
enum { EACH = 4, DIVIDE = 10, PRIME = 26, NEXT = 30, END = 35 };

typedef struct {
    u8 op;
    u8 field;
} Instruction;

static const Instruction program[] = {
    {PUSH, 2}, {STORE, CANDIDATE}, {PUSH, 0}, {STORE, COUNT},
    /* EACH: while candidate < limit */
    {LOAD, CANDIDATE}, {LOAD, LIMIT}, {LESS, 0}, {JUMP_UNLESS, END}, {PUSH, 2}, {STORE, DIVISOR},
    /* DIVIDE: until candidate < divisor² */
    {LOAD, CANDIDATE}, {LOAD, DIVISOR}, {LOAD, DIVISOR}, {MUL, 0}, {LESS, 0}, {JUMP_IF, PRIME},
    {LOAD, CANDIDATE}, {LOAD, DIVISOR}, {MOD, 0}, {JUMP_UNLESS, NEXT},
    {LOAD, DIVISOR}, {PUSH, 1}, {ADD, 0}, {STORE, DIVISOR}, {JUMP, DIVIDE}, {HALT, 0},
    /* PRIME */
    {LOAD, COUNT}, {PUSH, 1}, {ADD, 0}, {STORE, COUNT},
    /* NEXT */
    {LOAD, CANDIDATE}, {PUSH, 1}, {ADD, 0}, {STORE, CANDIDATE}, {JUMP, EACH},
    /* END */
    {LOAD, COUNT}, {HALT, 0},
};

static u32 variables[4], stack[16];

static NOINLINE u32 interpret(u32 limit) {
    variables[LIMIT] = limit;
    u32 *top = stack;
    for (const Instruction *at = program;; at++)
        switch (at->op) {
        case PUSH: *top++ = at->field; break;
        case LOAD: *top++ = variables[at->field]; break;
        case STORE: variables[at->field] = *--top; break;
        case ADD: top--, top[-1] += *top; break;
        case MUL: top--, top[-1] *= *top; break;
        case MOD: top--, top[-1] %= *top; break;
        case LESS: top--, top[-1] = top[-1] < *top; break;
        case JUMP: at = program + at->field - 1; break;
        case JUMP_IF: if (*--top) at = program + at->field - 1; break;
        case JUMP_UNLESS: if (!*--top) at = program + at->field - 1; break;
        default: return top[-1];
        }
}

RUN(u32 n) {
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) sum = mix(sum, interpret(500 + round % 8));
    return sum;
}
