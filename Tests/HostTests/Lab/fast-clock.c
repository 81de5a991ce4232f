/* Lets a program live five times as fast as its host, from its start on: all clocks and timers that it asks.
   Build: clang -shared -fPIC -o fast-clock.so fast-clock.c      Use: LD_PRELOAD=./fast-clock.so PROGRAM

   libfaketime's "+0 x5" does not do here: it leaves a timerfd's absolute time as it is, by which Swift sleeps, so that
   a program's sleeps never end. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SPEED = 5, CLOCKS = 16, DESCRIPTORS = 4096, SECOND = 1000000000 };

static int64_t start[CLOCKS];
static int clock_of[DESCRIPTORS];

static int64_t from(struct timespec time) { return (int64_t)time.tv_sec * SECOND + time.tv_nsec; }
static struct timespec to(int64_t time) { return (struct timespec){time / SECOND, time % SECOND}; }

static int64_t true_time(int clock) {
    struct timespec now = {0, 0};
    syscall(SYS_clock_gettime, clock, &now);
    return from(now);
}

__attribute__((constructor)) static void begin(void) {
    for (int clock = 0; clock < CLOCKS; clock++) start[clock] = true_time(clock);
}

/* The CPU time of the process and of its threads, 2 and 3, stays what it is. */
static int is_fast(int clock) { return clock >= 0 && clock < CLOCKS && clock != 2 && clock != 3; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (syscall(SYS_clock_gettime, clock, now) != 0) return -1;
    if (is_fast(clock)) *now = to(start[clock] + (from(*now) - start[clock]) * SPEED);
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    *now = (struct timeval){time.tv_sec, time.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *now) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    if (now) *now = time.tv_sec;
    return time.tv_sec;
}

int timerfd_create(int clock, int flags) {
    int descriptor = (int)syscall(SYS_timerfd_create, clock, flags);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) clock_of[descriptor] = clock;
    return descriptor;
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *new, struct itimerspec *old) {
    int64_t zero = flags & TFD_TIMER_ABSTIME && descriptor < DESCRIPTORS ? start[clock_of[descriptor]] : 0;
    int64_t value = from(new->it_value);
    /* Zero disarms the timer: what is not zero must not become it. */
    if (value) value = zero + (value - zero) / SPEED + 1;
    struct itimerspec slow = {to(from(new->it_interval) / SPEED), to(value)};
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, &slow, old);
}

int epoll_wait(int descriptor, struct epoll_event *events, int count, int timeout) {
    if (timeout > 0) timeout = (timeout + SPEED - 1) / SPEED;
    return (int)syscall(SYS_epoll_pwait, descriptor, events, count, timeout, 0, 8);
}

int nanosleep(const struct timespec *wanted, struct timespec *rest) {
    struct timespec slow = to(from(*wanted) / SPEED);
    return (int)syscall(SYS_nanosleep, &slow, rest);
}
