// env: prints what the host gave: arguments, environment, preopened directories, in the host's order.
//
// usage: env [ARG]...
// Bytes outside printable ASCII, and the backslash, are shown as \xNN: arguments need not be UTF-8.
#include <stdio.h>
#include <stdlib.h>
#include <wasi/api.h>

extern char **environ;

static void print_text(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte < 0x7f && byte != '\\') putchar(byte);
        else printf("\\x%02x", byte);
    }
    putchar('\n');
}

static size_t length_of(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        printf("argv[%d]=", i);
        print_text(argv[i], length_of(argv[i]));
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        printf("env ");
        print_text(*entry, length_of(*entry));
    }
    // as libc does it: from fd 3 until the first EBADF
    for (__wasi_fd_t fd = 3;; fd++) {
        __wasi_prestat_t prestat;
        if (__wasi_fd_prestat_get(fd, &prestat) != 0) break;
        size_t length = prestat.u.dir.pr_name_len;
        char *name = malloc(length + 1);
        if (name == NULL || __wasi_fd_prestat_dir_name(fd, (uint8_t *)name, length) != 0) return 1;
        printf("preopen %u=", (unsigned)fd);
        print_text(name, length);
        free(name);
    }
    return 0;
}
