// Parsing: a JSON text of about 16 KiB, made once, then read by recursive descent; numbers are computed, strings
// hashed, structure counted.
#include "kernel.h"

static char text[32768];
static u32 length;

static void put(const char *s) {
    while (*s) text[length++] = *s++;
}

static void put_number(u32 value) {
    char digits[10];
    int count = 0;
    do digits[count++] = '0' + value % 10;
    while (value /= 10);
    while (count) text[length++] = digits[--count];
}

static void write_text(void) {
    static const char *const names[8] = {"\"id\"", "\"name\"", "\"tags\"", "\"size\"", "\"a\\nb\"", "\"path\"", "\"x\\u00e9\"", "\"ok\""};
    length = 0;
    put("[");
    for (int i = 0; i < 160; i++) {
        put(i ? ",\n  {" : "\n  {");
        for (int k = 0; k < 4; k++) {
            put(k ? ", " : " ");
            put(names[next() >> 29]);
            put(": ");
            switch (next() >> 29) {
            case 0: put("true"); break;
            case 1: put("null"); break;
            case 2: put("-"), put_number(next() >> 12), put("."), put_number(next() >> 20); break;
            case 3: put("[1, 2, [3, {\"deep\": [false]}]]"); break;
            case 4: put("\"a longer string with \\\"escapes\\\" and spaces\""); break;
            default: put_number(next()); break;
            }
        }
        put(" }");
    }
    put("\n]");
    text[length] = 0;
}

static const char *at;
static u32 sum;

static void blanks(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static int word(const char *expected) {
    while (*expected)
        if (*at++ != *expected++) return 0;
    return 1;
}

static int string(void) {
    u32 hash = 5381;
    for (at++; *at != '"'; at++) {
        u32 c = (u8)*at;
        if (c < ' ') return 0;
        if (c == '\\') {
            c = (u8) * ++at;
            if (c == 'u') {
                c = 0;
                for (int i = 0; i < 4; i++) {
                    u32 digit = (u8) * ++at;
                    c = c * 16 + (digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
                }
            }
        }
        hash = hash * 33 ^ c;
    }
    at++;
    sum = mix(sum, hash);
    return 1;
}

static int number(void) {
    int negative = *at == '-';
    at += negative;
    if (*at < '0' || *at > '9') return 0;
    f64 value = 0, scale = 1;
    while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++) value += (*at - '0') * (scale /= 10);
    sum = mix(sum, (u32)(i64)((negative ? -value : value) * 1000));
    return 1;
}

static NOINLINE int value(int depth) {
    if (depth > 100) return 0;
    blanks();
    switch (*at) {
    case '{':
        at++;
        for (;;) {
            blanks();
            if (*at != '"' || !string()) return 0;
            blanks();
            if (*at++ != ':' || !value(depth + 1)) return 0;
            blanks();
            if (*at == '}') break;
            if (*at++ != ',') return 0;
        }
        at++;
        sum = mix(sum, 1);
        return 1;
    case '[':
        at++;
        for (;;) {
            if (!value(depth + 1)) return 0;
            blanks();
            if (*at == ']') break;
            if (*at++ != ',') return 0;
        }
        at++;
        sum = mix(sum, 2);
        return 1;
    case '"': return string();
    case 't': return word("true");
    case 'f': return word("false");
    case 'n': return word("null");
    default: return number();
    }
}

RUN(u32 n) {
    seed = 31;
    write_text();
    sum = length;
    for (u32 round = 0; round < n; round++) {
        at = text;
        if (!value(0)) return 0;
        sum = mix(sum, at - text);
    }
    return sum;
}
