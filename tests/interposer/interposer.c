/* Preloaded into the tests' host: ends the process where the audio thread allocates, frees, waits
 * or does IO inside a call of the plugin. Linux with glibc.
 *
 * The host says when such a call begins and ends (third_stream_audio_call); what the plugin calls
 * in the host during it is the host's own time. A lock that nobody holds makes no system call and
 * is not seen; one that is contended waits on a futex and is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OUTSIDE = 0, STRICT = 1, MAY_SLEEP = 2 };

static __thread int place __attribute__((tls_model("initial-exec"))) = OUTSIDE;

/* Where this thread is from now on; gives back where it was. */
int third_stream_audio_call(int now)
{
    int before = place;
    place = now;
    return before;
}

/* What the plugin did, in words that the tests look for, and where. */
static void caught(const char *what)
{
    void *frames[64];
    place = OUTSIDE;
    (void)!write(2, "audio thread: ", 14);
    (void)!write(2, what, strlen(what));
    (void)!write(2, "\n", 1);
    backtrace_symbols_fd(frames, backtrace(frames, 64), 2);
    abort();
}

#define STRICTLY(what) do { if (place != OUTSIDE) caught(what); } while (0)
/* A bounce waits for its answers: there, and only there, it may sleep. */
#define SLEEPING(what) do { if (place & STRICT) caught(what); } while (0)
/* The function that would have been called without us. */
#define NEXT(name) \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) { STRICTLY("malloc"); return __libc_malloc(size); }
void *calloc(size_t n, size_t size) { STRICTLY("calloc"); return __libc_calloc(n, size); }
void *realloc(void *old, size_t size) { STRICTLY("realloc"); return __libc_realloc(old, size); }
void *memalign(size_t a, size_t size) { STRICTLY("memalign"); return __libc_memalign(a, size); }
void *aligned_alloc(size_t a, size_t size) { STRICTLY("memalign"); return __libc_memalign(a, size); }
void free(void *old) { if (old) STRICTLY("free"); __libc_free(old); }

int posix_memalign(void **out, size_t alignment, size_t size)
{
    STRICTLY("memalign");
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
}

int pthread_mutex_lock(pthread_mutex_t *lock)
{
    STRICTLY("pthread_mutex_lock");
    NEXT(pthread_mutex_lock);
    return next(lock);
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    STRICTLY("pthread_cond_wait");
    NEXT(pthread_cond_wait);
    return next(condition, lock);
}

int pthread_create(pthread_t *id, const pthread_attr_t *how, void *(*work)(void *), void *with)
{
    STRICTLY("pthread_create");
    NEXT(pthread_create);
    return next(id, how, work, with);
}

int pthread_join(pthread_t id, void **result)
{
    STRICTLY("pthread_join");
    NEXT(pthread_join);
    return next(id, result);
}

int sched_yield(void)
{
    SLEEPING("sched_yield");
    NEXT(sched_yield);
    return next();
}

int nanosleep(const struct timespec *time, struct timespec *rest)
{
    SLEEPING("nanosleep");
    NEXT(nanosleep);
    return next(time, rest);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *rest)
{
    SLEEPING("nanosleep");
    NEXT(clock_nanosleep);
    return next(clock, flags, time, rest);
}

int poll(struct pollfd *files, nfds_t count, int timeout)
{
    STRICTLY("poll");
    NEXT(poll);
    return next(files, count, timeout);
}

ssize_t read(int file, void *bytes, size_t count)
{
    STRICTLY("read");
    NEXT(read);
    return next(file, bytes, count);
}

ssize_t write(int file, const void *bytes, size_t count)
{
    STRICTLY("write");
    NEXT(write);
    return next(file, bytes, count);
}

ssize_t writev(int file, const struct iovec *parts, int count)
{
    STRICTLY("write");
    NEXT(writev);
    return next(file, parts, count);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        STRICTLY("open"); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        NEXT(name); \
        return next(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

/* Rust's locks and parked threads call the kernel by number. */
long syscall(long number, ...)
{
    va_list rest;
    va_start(rest, number);
    long a[6];
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (place != OUTSIDE) {
        if (number == SYS_futex) {
            int what = (int)a[1] & FUTEX_CMD_MASK;
            if (what == FUTEX_WAIT || what == FUTEX_WAIT_BITSET || what == FUTEX_LOCK_PI)
                caught("futex wait");
            caught("futex wake");
        } else {
            caught("syscall");
        }
    }
    NEXT(syscall);
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
