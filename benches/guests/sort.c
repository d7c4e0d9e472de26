// Sorting 4096 words three times: quicksort, heapsort, and insertion sort of what is nearly sorted.
#include "kernel.h"

#define SIZE 4096
static u32 items[SIZE];

static void fill(u32 from) {
    seed = from;
    for (int i = 0; i < SIZE; i++) items[i] = next();
}

static void swap(u32 *a, u32 *b) {
    u32 held = *a;
    *a = *b;
    *b = held;
}

static NOINLINE void quicksort(u32 *from, u32 *to) {
    while (to - from > 1) {
        u32 pivot = from[(to - from) / 2];
        u32 *low = from, *high = to - 1;
        while (low <= high) {
            while (*low < pivot) low++;
            while (*high > pivot) high--;
            if (low <= high) swap(low++, high--);
        }
        quicksort(from, high + 1);
        from = low;
    }
}

static void sift(int at, int end) {
    for (;;) {
        int child = 2 * at + 1;
        if (child >= end) return;
        if (child + 1 < end && items[child] < items[child + 1]) child++;
        if (items[at] >= items[child]) return;
        swap(&items[at], &items[child]);
        at = child;
    }
}

static NOINLINE void heapsort(void) {
    for (int i = SIZE / 2 - 1; i >= 0; i--) sift(i, SIZE);
    for (int end = SIZE - 1; end > 0; end--) {
        swap(&items[0], &items[end]);
        sift(0, end);
    }
}

static NOINLINE void insertion_sort(void) {
    for (int i = 1; i < SIZE; i++) {
        u32 item = items[i];
        int at = i;
        for (; at > 0 && items[at - 1] > item; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static u32 check(u32 sum) {
    for (int i = 0; i < SIZE; i++) {
        if (i && items[i - 1] > items[i]) return 0;
        sum = mix(sum, items[i]);
    }
    return sum;
}

RUN(u32 n) {
    u32 sum = 1;
    for (u32 round = 1; round <= n; round++) {
        fill(round);
        quicksort(items, items + SIZE);
        sum = check(sum);
        fill(round + 1000);
        heapsort();
        sum = check(sum);
        for (int i = 0; i + 16 < SIZE; i += 8) swap(&items[i], &items[i + next() % 16]);
        insertion_sort();
        sum = check(sum);
    }
    return sum;
}
