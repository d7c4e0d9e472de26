// walk: lists a directory tree in sorted order: type, size, path.
//
// usage: walk [DIR]        DIR defaults to .
// Types: d directory, - file, l symbolic link (not followed, its target is shown), ? anything else.
// Only files have a size; directories print 0, since their size differs from one file system to the next.
// The last line sums up. Exit code 1 when something could not be read.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    unsigned directories, files, links, others, errors;
    unsigned long long bytes;
} seen;

static void complain(const char *path) {
    fprintf(stderr, "walk: %s: %s\n", path, strerror(errno));
    seen.errors++;
}

static void *claim(void *memory) {
    if (memory == NULL) {
        fputs("walk: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static char *join(const char *directory, const char *name) {
    size_t head = strlen(directory), tail = strlen(name);
    int slash = head > 0 && directory[head - 1] != '/';
    char *path = claim(malloc(head + (size_t)slash + tail + 1));
    memcpy(path, directory, head);
    if (slash) path[head] = '/';
    memcpy(path + head + slash, name, tail + 1);
    return path;
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The paths of all entries but . and .., sorted; the caller frees each and the list.
static size_t list(const char *directory, char ***paths) {
    size_t count = 0, room = 0;
    *paths = NULL;
    DIR *stream = opendir(directory);
    if (stream == NULL) {
        complain(directory);
        return 0;
    }
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(stream);
        if (entry == NULL) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (count == room) {
            room = room ? 2 * room : 16;
            *paths = claim(realloc(*paths, room * sizeof **paths));
        }
        (*paths)[count++] = join(directory, entry->d_name);
    }
    if (errno != 0) complain(directory);
    closedir(stream);
    if (count > 0) qsort(*paths, count, sizeof **paths, by_bytes);
    return count;
}

static void walk(const char *path) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        complain(path);
        return;
    }
    if (S_ISDIR(status.st_mode)) {
        seen.directories++;
        printf("d %10d %s\n", 0, path);
        char **paths;
        size_t count = list(path, &paths);
        for (size_t i = 0; i < count; i++) {
            walk(paths[i]);
            free(paths[i]);
        }
        free(paths);
    } else if (S_ISREG(status.st_mode)) {
        seen.files++;
        seen.bytes += (unsigned long long)status.st_size;
        printf("- %10lld %s\n", (long long)status.st_size, path);
    } else if (S_ISLNK(status.st_mode)) {
        seen.links++;
        char target[1024];
        ssize_t length = readlink(path, target, sizeof target);
        if (length < 0) {
            complain(path);
            length = 0;
        }
        printf("l %10d %s -> %.*s\n", 0, path, (int)length, target);
    } else {
        seen.others++;
        printf("? %10d %s\n", 0, path);
    }
}

int main(int argc, char **argv) {
    walk(argc > 1 ? argv[1] : ".");
    printf("%u directories, %u files, %llu bytes, %u links, %u others\n", seen.directories, seen.files, seen.bytes,
           seen.links, seen.others);
    return seen.errors == 0 ? 0 : 1;
}
