// cat: copies files, or stdin, to stdout.
//
// usage: cat [FILE | -]...
// Exit code 1 when a file cannot be read; the others are copied all the same.
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[64 * 1024];

static bool complain(const char *name) {
    fprintf(stderr, "cat: %s: %s\n", name, strerror(errno));
    return false;
}

static bool write_all(const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written < 0) return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

static bool copy(int fd, const char *name) {
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got == 0) return true;
        if (got < 0) return complain(name);
        if (!write_all(buffer, (size_t)got)) return complain("stdout");
    }
}

static bool copy_file(const char *name) {
    if (strcmp(name, "-") == 0) return copy(STDIN_FILENO, "stdin");
    int fd = open(name, O_RDONLY);
    if (fd < 0) return complain(name);
    bool copied = copy(fd, name);
    close(fd);
    return copied;
}

int main(int argc, char **argv) {
    if (argc < 2) return copy_file("-") ? 0 : 1;
    bool all = true;
    for (int i = 1; i < argc; i++) all &= copy_file(argv[i]);
    return all ? 0 : 1;
}
