/* A disk that is full, fails, or can only be read from, as a file of that name in PARLOR_TEST_DISK says:
 * the process that this is loaded into is told so by the calls that write. Needs no rights. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is(const char *state)
{
    char path[4096];
    const char *folder = getenv("PARLOR_TEST_DISK");
    if (!folder)
        return 0;
    snprintf(path, sizeof path, "%s/%s", folder, state);
    return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

static int refuses(int file)
{
    struct stat about;
    int before = errno, error = is("full") ? ENOSPC : is("failing") ? EIO : 0;
    errno = before;
    if (!error || fstat(file, &about) || !S_ISREG(about.st_mode))
        return 0;
    errno = error;
    return 1;
}

ssize_t write(int file, const void *bytes, size_t count)
{
    return refuses(file) ? -1 : syscall(SYS_write, file, bytes, count);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at)
{
    return refuses(file) ? -1 : syscall(SYS_pwrite64, file, bytes, count, at);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at)
{
    return pwrite64(file, bytes, count, at);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
    va_end(rest);
    if ((flags & O_ACCMODE) != O_RDONLY && strstr(path, ".db") && is("read-only")) {
        errno = EACCES;
        return -1;
    }
    return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
    va_end(rest);
    return open64(path, flags, mode);
}
