// A mixture in the manner of embedded benchmarks: a linked list that is searched, reversed and merge-sorted, small
// integer matrices, a state machine over numbers in text, and a CRC-16 over all results.
#include "kernel.h"

typedef struct Node {
    struct Node *next;
    i32 key, value;
} Node;

#define NODES 128
#define SIDE 12
static Node nodes[NODES];
static short a[SIDE][SIDE], b[SIDE][SIDE];
static i32 product[SIDE][SIDE];
static const char numbers[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^";

static NOINLINE u16 crc16(u32 data, u16 crc) {
    for (int bit = 0; bit < 32; bit++) {
        u32 low = (data ^ crc) & 1;
        data >>= 1;
        crc >>= 1;
        if (low) crc ^= 0xa001;
    }
    return crc;
}

static NOINLINE Node *find(Node *list, i32 value) {
    while (list && list->value != value) list = list->next;
    return list;
}

static NOINLINE Node *reverse(Node *list) {
    Node *done = 0;
    while (list) {
        Node *rest = list->next;
        list->next = done;
        done = list;
        list = rest;
    }
    return done;
}

static i32 by_key(const Node *x, const Node *y) { return x->key - y->key; }
static i32 by_value(const Node *x, const Node *y) { return x->value - y->value; }

static NOINLINE Node *merge_sort(Node *list, i32 (*compare)(const Node *, const Node *)) {
    if (!list || !list->next) return list;
    Node *slow = list, *fast = list->next;
    while (fast && fast->next) slow = slow->next, fast = fast->next->next;
    Node *right = slow->next, *left = list, *sorted, **end = &sorted;
    slow->next = 0;
    left = merge_sort(left, compare);
    right = merge_sort(right, compare);
    while (left && right) {
        Node **least = compare(left, right) <= 0 ? &left : &right;
        *end = *least;
        end = &(*least)->next;
        *least = (*least)->next;
    }
    *end = left ? left : right;
    return sorted;
}

static NOINLINE i32 matrices(i32 by) {
    i32 sum = 0;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            i32 cell = 0;
            for (int k = 0; k < SIDE; k++) cell += a[i][k] * b[k][j];
            product[i][j] = cell + by;
        }
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) sum += (product[i][j] >> 2 & 15) * (product[i][j] >> 5 & 127);
    return sum;
}

enum { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, POWER, INVALID, STATES };

static NOINLINE void states(u32 counts[STATES]) {
    u32 state = START;
    for (const char *at = numbers; *at; at++) {
        char c = *at;
        int digit = c >= '0' && c <= '9';
        if (c == ',') {
            counts[state]++;
            state = START;
            continue;
        }
        switch (state) {
        case START: state = digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID; break;
        case SIGN: state = digit ? INTEGER : c == '.' ? POINT : INVALID; break;
        case INTEGER: state = digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID; break;
        case POINT: state = digit ? FRACTION : INVALID; break;
        case FRACTION: state = digit ? FRACTION : c == 'e' ? EXPONENT : INVALID; break;
        case EXPONENT: state = digit ? POWER : c == '+' || c == '-' ? EXPONENT_SIGN : INVALID; break;
        case EXPONENT_SIGN: state = digit ? POWER : INVALID; break;
        case POWER: state = digit ? POWER : INVALID; break;
        default: break;
        }
    }
    counts[state]++;
}

RUN(u32 n) {
    seed = 2026;
    for (int i = 0; i < NODES; i++) nodes[i] = (Node){i + 1 < NODES ? &nodes[i + 1] : 0, i, next() >> 20};
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) a[i][j] = next() >> 24, b[i][j] = next() >> 24;
    Node *list = nodes;
    u16 crc = 0;
    for (u32 round = 0; round < n; round++) {
        for (int i = 0; i < 8; i++) {
            Node *found = find(list, nodes[(round + 16 * i) % NODES].value);
            crc = crc16(found ? found->key : -1, crc);
            list = reverse(list);
        }
        list = merge_sort(list, by_value);
        crc = crc16(list->key << 8 ^ list->next->key, crc);
        list = merge_sort(list, by_key);
        crc = crc16(list->value << 8 ^ list->next->value, crc);
        a[round % SIDE][3] ^= round;
        crc = crc16(matrices(round & 7), crc);
        u32 counts[STATES] = {0};
        states(counts);
        for (int i = 0; i < STATES; i++) crc = crc16(counts[i], crc);
    }
    return crc;
}
