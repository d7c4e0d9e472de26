// files: a walk through the file system calls, each step's result on a line of its own.
//
// usage: files [DIR]        DIR defaults to . and must be writable
// Creates DIR/hostel-files, works inside it, and removes it again. Every line reads `ok: step` or
// `FAILED: step: what happened`. Exit code 1 when a step failed.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned steps, failures;

// One step: `passed` decides, the message is the step's name, errno says more when it is set.
__attribute__((format(printf, 2, 3))) static bool step(bool passed, const char *format, ...) {
    int error = errno;
    steps++;
    fputs(passed ? "ok: " : "FAILED: ", stdout);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    if (!passed) {
        failures++;
        printf(": %s", error != 0 ? strerror(error) : "unexpected result");
    }
    putchar('\n');
    errno = 0;
    return passed;
}

static bool refused(int result, int expected) { return result == -1 && errno == expected; }

static bool holds(const char *path, const char *expected) {
    char text[64];
    int fd = open(path, O_RDONLY);
    if (fd < 0) return false;
    ssize_t length = read(fd, text, sizeof text);
    close(fd);
    return length == (ssize_t)strlen(expected) && memcmp(text, expected, (size_t)length) == 0;
}

static bool write_file(const char *path, int flags, const char *text) {
    int fd = open(path, O_WRONLY | flags, 0666);
    if (fd < 0) return false;
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    return close(fd) == 0 && written;
}

static void directories(void) {
    step(mkdir("hostel-files/sub", 0777) == 0, "mkdir sub");
    step(refused(mkdir("hostel-files/sub", 0777), EEXIST), "mkdir sub again is EEXIST");
    step(refused(rmdir("hostel-files/missing"), ENOENT), "rmdir of nothing is ENOENT");
}

static void contents(void) {
    step(refused(open("hostel-files/a", O_RDONLY), ENOENT), "open of nothing is ENOENT");
    step(write_file("hostel-files/a", O_CREAT | O_EXCL, "hello"), "create a");
    step(!write_file("hostel-files/a", O_CREAT | O_EXCL, "x") && errno == EEXIST, "create a again is EEXIST");
    step(holds("hostel-files/a", "hello"), "read a back");
    step(write_file("hostel-files/a", O_APPEND, ", world"), "append to a");
    step(holds("hostel-files/a", "hello, world"), "read both parts back");
    step(write_file("hostel-files/a", O_TRUNC, "short"), "truncate and write a");
    step(holds("hostel-files/a", "short"), "read the new text back");
}

static void positions(void) {
    char text[8] = {0};
    int fd = open("hostel-files/holes", O_RDWR | O_CREAT | O_TRUNC, 0666);
    if (!step(fd >= 0, "open holes for both")) return;
    step(write(fd, "abcdef", 6) == 6, "write six bytes");
    step(lseek(fd, -2, SEEK_CUR) == 4, "seek back by two");
    step(read(fd, text, 8) == 2 && memcmp(text, "ef", 2) == 0, "read the last two");
    step(pwrite(fd, "XY", 2, 1) == 2, "pwrite at 1");
    step(pread(fd, text, 6, 0) == 6 && memcmp(text, "aXYdef", 6) == 0, "pread all six");
    step(lseek(fd, 0, SEEK_CUR) == 6, "neither moved the position");
    step(refused((int)lseek(fd, -1, SEEK_SET), EINVAL), "seek before the start is EINVAL");
    step(lseek(fd, 100, SEEK_SET) == 100 && write(fd, "z", 1) == 1, "write past a hole");
    step(pread(fd, text, 1, 50) == 1 && text[0] == 0, "the hole reads as zero");
    step(ftruncate(fd, 3) == 0 && lseek(fd, 0, SEEK_END) == 3, "truncate to three");
    step(fsync(fd) == 0, "fsync");
    step(close(fd) == 0, "close");
    step(refused(close(fd), EBADF), "close again is EBADF");
}

static void status(void) {
    struct stat file, directory;
    step(stat("hostel-files/a", &file) == 0 && S_ISREG(file.st_mode) && file.st_size == 5, "stat a: a file of 5 bytes");
    step(stat("hostel-files/sub", &directory) == 0 && S_ISDIR(directory.st_mode), "stat sub: a directory");
    step(file.st_ino != directory.st_ino, "inodes differ");
    // times far from now, with all nine digits
    struct timespec times[2] = {{.tv_sec = 1000000000, .tv_nsec = 123456789}, {.tv_sec = 1234567890, .tv_nsec = 1}};
    step(utimensat(AT_FDCWD, "hostel-files/a", times, 0) == 0, "set times of a");
    step(stat("hostel-files/a", &file) == 0 && file.st_atim.tv_sec == 1000000000 &&
             file.st_atim.tv_nsec == 123456789 && file.st_mtim.tv_sec == 1234567890 && file.st_mtim.tv_nsec == 1,
         "times kept to the nanosecond");
}

static void links(void) {
    char target[16];
    struct stat link, file;
    step(symlink("a", "hostel-files/soft") == 0, "symlink soft to a");
    step(readlink("hostel-files/soft", target, sizeof target) == 1 && target[0] == 'a', "readlink soft");
    step(lstat("hostel-files/soft", &link) == 0 && S_ISLNK(link.st_mode), "lstat soft: a link");
    step(stat("hostel-files/soft", &file) == 0 && S_ISREG(file.st_mode), "stat soft: the file");
    step(holds("hostel-files/soft", "short"), "read through soft");
    step(refused(open("hostel-files/soft", O_RDONLY | O_NOFOLLOW), ELOOP), "open soft without following is ELOOP");
    step(link.st_ino != file.st_ino, "link and file are two inodes");
}

static void hard_links(void) {
    struct stat file;
    step(link("hostel-files/a", "hostel-files/hard") == 0, "link hard to a");
    step(stat("hostel-files/hard", &file) == 0 && file.st_nlink == 2, "two names, one file");
    step(unlink("hostel-files/hard") == 0, "unlink hard");
    step(stat("hostel-files/a", &file) == 0 && file.st_nlink == 1, "one name left");
}

static void renames(void) {
    step(rename("hostel-files/a", "hostel-files/sub/b") == 0, "rename a to sub/b");
    step(refused(access("hostel-files/a", F_OK), ENOENT), "a is gone");
    step(holds("hostel-files/sub/b", "short"), "sub/b has the text");
    step(refused(rmdir("hostel-files/sub"), ENOTEMPTY), "rmdir sub is ENOTEMPTY");
    step(refused(open("hostel-files/sub/b/c", O_RDONLY), ENOTDIR), "open sub/b/c is ENOTDIR");
}

static int by_bytes(const void *a, const void *b) { return strcmp(a, b); }

static void listing(void) {
    char names[8][32];
    char joined[sizeof names] = "";
    size_t count = 0;
    DIR *stream = opendir("hostel-files");
    if (!step(stream != NULL, "open the directory")) return;
    for (struct dirent *entry; count < 8 && (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] != '.') snprintf(names[count++], sizeof names[0], "%s", entry->d_name);
    }
    closedir(stream);
    qsort(names, count, sizeof names[0], by_bytes);
    for (size_t i = 0; i < count; i++) {
        strcat(joined, i > 0 ? " " : "");
        strcat(joined, names[i]);
    }
    step(strcmp(joined, "holes soft sub") == 0, "list: %s", joined);
}

static void confinement(void) {
    int fd = open("hostel-files/../../../../outside", O_RDONLY);
    step(fd == -1, "a path out of the sandbox is refused");
    step(symlink("../../../../outside", "hostel-files/escape") == 0, "a link may point anywhere");
    step(open("hostel-files/escape", O_RDONLY) == -1, "but following it out is refused");
    step(unlink("hostel-files/escape") == 0, "unlink it");
}

static void removal(void) {
    step(unlink("hostel-files/sub") == -1, "unlink of a directory is refused");
    step(unlink("hostel-files/soft") == 0, "unlink soft");
    step(unlink("hostel-files/sub/b") == 0, "unlink sub/b");
    step(rmdir("hostel-files/sub") == 0, "rmdir sub");
    step(unlink("hostel-files/holes") == 0, "unlink holes");
}

int main(int argc, char **argv) {
    if (argc > 1 && chdir(argv[1]) != 0) {
        perror(argv[1]);
        return 1;
    }
    if (!step(mkdir("hostel-files", 0777) == 0, "mkdir hostel-files")) return 1;
    directories();
    contents();
    positions();
    status();
    links();
    hard_links();
    renames();
    listing();
    confinement();
    removal();
    step(rmdir("hostel-files") == 0, "rmdir hostel-files");
    printf("%u steps, %u failed\n", steps, failures);
    return failures == 0 ? 0 : 1;
}
