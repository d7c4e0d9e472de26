// A backtracking matcher of patterns with literals, '.', classes, '*', '+', '?', and '$', over lines of text.
#include "kernel.h"

static char text[8192];

static int matches_one(const char *pattern, char c) {
    switch (*pattern) {
    case '.': return 1;
    case '\\':
        switch (pattern[1]) {
        case 'd': return c >= '0' && c <= '9';
        case 'w': return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        case 's': return c == ' ' || c == '\t';
        default: return c == pattern[1];
        }
    default: return c == *pattern;
    }
}

static NOINLINE const char *match_here(const char *pattern, const char *at) {
    for (;;) {
        if (!*pattern) return at;
        if (pattern[0] == '$' && !pattern[1]) return *at ? 0 : at;
        const char *rest = pattern + (*pattern == '\\' ? 2 : 1);
        switch (*rest) {
        case '*':
        case '+': {
            const char *first = at;
            while (*at && matches_one(pattern, *at)) at++;
            for (int least = *rest == '+'; at - first >= least; at--) {
                const char *end = match_here(rest + 1, at);
                if (end) return end;
            }
            return 0;
        }
        case '?':
            if (*at && matches_one(pattern, *at)) {
                const char *end = match_here(rest + 1, at + 1);
                if (end) return end;
            }
            pattern = rest + 1;
            break;
        default:
            if (!*at || !matches_one(pattern, *at)) return 0;
            pattern = rest;
            at++;
        }
    }
}

RUN(u32 n) {
    static const char *const patterns[6] = {"\\w+\\s*=\\s*\\d+;?$", "e.*t", "fd_\\w*", "\\d\\d?:\\d+", "(\\w+,\\s?\\w*)", "x+x+y"};
    static const char *const pieces[16] = {"fd_read", " = ", "12", ";", " ", "host", "(a, b)", "7:45", "xxx", "xxy", "e", "t", "_", ",", "gu", "\t"};
    seed = 11;
    u32 length = 0;
    while (length < sizeof text - 16) {
        const char *piece = pieces[next() >> 28];
        while (*piece) text[length++] = *piece++;
        if (next() >> 28 == 0) text[length++] = 0;
    }
    text[length] = 0;
    u32 sum = 0;
    for (u32 round = 0; round < n; round++) {
        const char *pattern = patterns[round % 6];
        u32 count = 0;
        for (const char *at = text; at < text + length; at++) {
            const char *end = match_here(pattern, at);
            if (end) count += 1 + (end - at);
        }
        sum = mix(sum, count);
    }
    return sum;
}
