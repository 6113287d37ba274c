/* What a program does to the files of one folder: written down in order (a recorder for power cuts), or failed at the
 * n-th call (a disk that is full, broken or read-only). Preloaded before libc; see __init__.py for how it is told.
 *
 * One mutex is held over each call and its entry, so that the order in the journal is the order on the disk. Memory
 * maps are not seen: SQLite maps its -shm alone, which is made anew after a power cut.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 65536
#define WRITE 1
#define TRUNCATE 2
#define CREATE 4
#define RENAME 8
#define UNLINK 16
#define SYNC 32
#define LINK 64
#define OPEN_TO_WRITE 128

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int journal = -1;
static uint64_t file_of[MOST]; /* by descriptor: the inode, 0 for what lies elsewhere */

static long seen, fail_at;
static int fail_errno, fail_for_ever, fail_short, fail_calls;

#define REAL(result, name, ...)                                     \
    static result (*real_##name)(__VA_ARGS__);                      \
    if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("DISK_FOLDER"), *book = getenv("DISK_JOURNAL");
    if (where && realpath(where, folder)) folder_length = strlen(folder);
    if (folder_length && book) {
        REAL(int, open, const char *, int, ...);
        journal = real_open(book, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    const char *at = getenv("DISK_FAIL_AT"), *with = getenv("DISK_FAIL_ERRNO"), *calls = getenv("DISK_FAIL_CALLS");
    if (at && with) {
        fail_at = atol(at);
        fail_errno = atoi(with);
        fail_calls = calls ? atoi(calls) : -1;
        fail_for_ever = getenv("DISK_FAIL_FOR_EVER") != NULL;
        fail_short = getenv("DISK_FAIL_SHORT") != NULL;
    }
}

/* An entry: operation, inode, a number, the length of what follows. */
static void put(char what, uint64_t inode, uint64_t number, const void *data, uint64_t length) {
    if (journal < 0) return;
    struct __attribute__((packed)) { char what; uint64_t inode, number, length; } head = {what, inode, number, length};
    REAL(ssize_t, writev, int, const struct iovec *, int);
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, length}};
    size_t left = sizeof head + length;
    while (left) {
        ssize_t done = real_writev(journal, parts, 2);
        if (done < 0) { if (errno == EINTR) continue; abort(); }
        left -= done;
        for (int i = 0; i < 2; i++) {
            size_t part = (size_t)done < parts[i].iov_len ? (size_t)done : parts[i].iov_len;
            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            done -= part;
        }
    }
}

static void put_names(char what, const char *one, const char *two) {
    char both[2 * PATH_MAX];
    int length = snprintf(both, sizeof both, "%s%c%s", one, 0, two);
    put(what, 0, 0, both, length);
}

/* The name below the folder, or NULL for what lies elsewhere. */
static const char *within(int at, const char *path, char *whole) {
    if (!folder_length || !path) return NULL;
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
    } else {
        char base[PATH_MAX], link[64];
        if (at == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return NULL;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return NULL;
            base[length] = 0;
        }
        if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return NULL;
    }
    if (strncmp(whole, folder, folder_length)) return NULL;
    if (whole[folder_length] == 0) return ".";
    return whole[folder_length] == '/' ? whole + folder_length + 1 : NULL;
}

/* Whether this call fails: -1 with errno set; 1 for a write that stops half way; 0 goes through. */
static int fails(int kind) {
    if (!(kind & fail_calls)) return 0;
    seen++;
    if (!fail_at || seen < fail_at || (seen > fail_at && !fail_for_ever)) return 0;
    if (fail_short && kind == WRITE && seen == fail_at) return 1;
    errno = fail_errno;
    return -1;
}

/* Counts from now on: the at-th call of these kinds fails, or from it on all do; 0 counts and fails nothing. */
void disk_fail(long at, int number, int calls, int for_ever, int partly) {
    pthread_mutex_lock(&turn);
    seen = 0;
    fail_at = at; fail_errno = number; fail_calls = calls; fail_for_ever = for_ever; fail_short = partly;
    pthread_mutex_unlock(&turn);
}

long disk_seen(void) { return seen; }

void disk_mark(const char *text) {
    pthread_mutex_lock(&turn);
    put('M', 0, 0, text, strlen(text));
    pthread_mutex_unlock(&turn);
}

static int ours(int fd) { return fd >= 0 && fd < MOST && file_of[fd]; }

static int opening(int at, const char *path, int flags, mode_t mode, int wide) {
    REAL(int, openat, int, const char *, int, ...);
    REAL(int, openat64, int, const char *, int, ...);
    char whole[PATH_MAX];
    const char *name = within(at, path, whole);
    if (!name) {
        int fd = wide ? real_openat64(at, path, flags, mode) : real_openat(at, path, flags, mode);
        if (fd >= 0 && fd < MOST) file_of[fd] = 0;
        return fd;
    }
    pthread_mutex_lock(&turn);
    struct stat found;
    int new = (flags & O_CREAT) && fstatat(at, path, &found, 0) != 0;
    int kinds = (new ? CREATE : 0) | ((flags & O_ACCMODE) != O_RDONLY ? OPEN_TO_WRITE : 0);
    int fd = -1;
    if (!kinds || !fails(kinds)) fd = wide ? real_openat64(at, path, flags, mode) : real_openat(at, path, flags, mode);
    if (fd >= 0 && fd < MOST && fstat(fd, &found) == 0) {
        file_of[fd] = found.st_ino;
        put(new ? 'C' : 'O', found.st_ino, 0, name, strlen(name));
        if (!new && (flags & O_TRUNC)) put('T', found.st_ino, 0, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { MODE(flags) return opening(AT_FDCWD, path, flags, mode, 0); }
int open64(const char *path, int flags, ...) { MODE(flags) return opening(AT_FDCWD, path, flags, mode, 1); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return opening(at, path, flags, mode, 0); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return opening(at, path, flags, mode, 1); }

int close(int fd) {
    REAL(int, close, int);
    if (ours(fd)) file_of[fd] = 0;
    return real_close(fd);
}

static uint64_t place_of(int fd) {
    struct stat found;
    if ((fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &found) == 0) return found.st_size;
    return lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (!ours(fd)) return real_write(fd, data, length);
    pthread_mutex_lock(&turn);
    int wrong = fails(WRITE);
    uint64_t place = place_of(fd);
    ssize_t done = wrong < 0 ? -1 : real_write(fd, data, wrong ? length / 2 : length);
    if (done > 0) put('W', file_of[fd], place, data, done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t place) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    if (!ours(fd)) return real_pwrite64(fd, data, length, place);
    pthread_mutex_lock(&turn);
    int wrong = fails(WRITE);
    ssize_t done = wrong < 0 ? -1 : real_pwrite64(fd, data, wrong ? length / 2 : length, place);
    if (done > 0) put('W', file_of[fd], place, data, done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t place) { return pwrite64(fd, data, length, place); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    if (!ours(fd)) return real_writev(fd, parts, count);
    /* one after another: POSIX lets a writev end after any part */
    ssize_t done = 0;
    for (int i = 0; i < count; i++) {
        ssize_t part = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (part < 0) return done ? done : -1;
        done += part;
        if ((size_t)part < parts[i].iov_len) break;
    }
    return done;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t length) {
    REAL(ssize_t, sendfile, int, int, off_t *, size_t);
    if (!ours(to)) return real_sendfile(to, from, offset, length);
    if (journal >= 0) { errno = EINVAL; return -1; } /* nothing to write down: who asks copies by hand then */
    pthread_mutex_lock(&turn);
    int wrong = fails(WRITE);
    ssize_t done = wrong < 0 ? -1 : real_sendfile(to, from, offset, wrong ? length / 2 : length);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) { return sendfile(to, from, offset, length); }

ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t length, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
    if (!ours(to)) return real_copy_file_range(from, a, to, b, length, flags);
    if (journal >= 0) { errno = EINVAL; return -1; }
    pthread_mutex_lock(&turn);
    ssize_t done = fails(WRITE) < 0 ? -1 : real_copy_file_range(from, a, to, b, length, flags);
    pthread_mutex_unlock(&turn);
    return done;
}

int ftruncate64(int fd, off64_t length) {
    REAL(int, ftruncate64, int, off64_t);
    if (!ours(fd)) return real_ftruncate64(fd, length);
    pthread_mutex_lock(&turn);
    int done = fails(TRUNCATE) ? -1 : real_ftruncate64(fd, length);
    if (done == 0) put('T', file_of[fd], length, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int synced(int fd, int (*real)(int)) {
    if (!ours(fd)) return real(fd);
    pthread_mutex_lock(&turn);
    int done = fails(SYNC) ? -1 : real(fd);
    if (done == 0) put('S', file_of[fd], 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int fd) { REAL(int, fsync, int); return synced(fd, real_fsync); }
int fdatasync(int fd) { REAL(int, fdatasync, int); return synced(fd, real_fdatasync); }

static int renaming(int a, const char *from, int b, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    char one[PATH_MAX], two[PATH_MAX];
    const char *here = within(a, from, one), *there = within(b, to, two);
    if (!here && !there) return real_renameat(a, from, b, to);
    pthread_mutex_lock(&turn);
    int done = fails(RENAME) ? -1 : real_renameat(a, from, b, to);
    if (done == 0) {
        if (here && there) put_names('R', here, there);
        else if (here) put('U', 0, 0, here, strlen(here));
    }
    pthread_mutex_unlock(&turn);
    return done;
}

int rename(const char *from, const char *to) { return renaming(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { return renaming(a, from, b, to); }

int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    char one[PATH_MAX], two[PATH_MAX];
    const char *here = within(a, from, one), *there = within(b, to, two);
    if (!there) return real_linkat(a, from, b, to, flags);
    pthread_mutex_lock(&turn);
    int done = fails(LINK) ? -1 : real_linkat(a, from, b, to, flags);
    if (done == 0 && here) put_names('L', here, there);
    pthread_mutex_unlock(&turn);
    return done;
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    char whole[PATH_MAX];
    const char *name = within(at, path, whole);
    if (!name || (flags & AT_REMOVEDIR)) return real_unlinkat(at, path, flags);
    pthread_mutex_lock(&turn);
    int done = fails(UNLINK) ? -1 : real_unlinkat(at, path, flags);
    if (done == 0) put('U', 0, 0, name, strlen(name));
    pthread_mutex_unlock(&turn);
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
