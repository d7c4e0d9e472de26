// sleep: sleeps three ways and says whether the monotonic clock agrees; never how long it took.
//
// usage: sleep [MILLISECONDS]          default 50
//        sleep MILLISECONDS stdin      waits that long for stdin instead: prints `stdin: ready` or `stdin: silent`
// Exit code 1 when a sleep failed or ended early.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const long long nanos_per_milli = 1000000, nanos_per_second = 1000000000;
static int failed;

static long long now(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) {
        perror("clock_gettime");
        exit(1);
    }
    return (long long)time.tv_sec * nanos_per_second + time.tv_nsec;
}

static struct timespec as_timespec(long long nanos) {
    return (struct timespec){.tv_sec = nanos / nanos_per_second, .tv_nsec = (long)(nanos % nanos_per_second)};
}

static void report(const char *what, int error, long long started, long long asked) {
    if (error != 0) printf("%s: %s\n", what, strerror(error));
    else printf("%s: slept long enough: %s\n", what, now() - started >= asked ? "yes" : "no");
    failed |= error != 0 || now() - started < asked;
}

static int wait_for_stdin(int millis) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready = poll(&input, 1, millis);
    if (ready < 0) {
        perror("poll");
        return 1;
    }
    puts(ready == 0 ? "stdin: silent" : "stdin: ready");
    return 0;
}

int main(int argc, char **argv) {
    int millis = argc > 1 ? atoi(argv[1]) : 50;
    if (argc > 2) return wait_for_stdin(millis);

    long long asked = millis * nanos_per_milli, started = now();
    struct timespec length = as_timespec(asked);
    report("nanosleep", nanosleep(&length, NULL) == 0 ? 0 : errno, started, asked);

    started = now();
    struct timespec end = as_timespec(started + asked);
    report("clock_nanosleep until", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL), started, asked);

    started = now();
    report("poll of nothing", poll(NULL, 0, millis) == 0 ? 0 : errno, started, asked);
    return failed;
}
