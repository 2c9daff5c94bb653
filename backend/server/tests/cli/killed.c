/* Kills the process that this is loaded into as it is about to write to a file or a socket for the time
 * that PARLOR_TEST_DIES_AT says. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void count(int file)
{
    static int writes;
    struct stat about;
    int before = errno;
    const char *dies_at = getenv("PARLOR_TEST_DIES_AT");
    if (dies_at && file > 2 && !fstat(file, &about) && (S_ISREG(about.st_mode) || S_ISSOCK(about.st_mode))
        && __atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST) == atoi(dies_at))
        kill(getpid(), SIGKILL);
    errno = before;
}

ssize_t write(int file, const void *bytes, size_t length)
{
    count(file);
    return syscall(SYS_write, file, bytes, length);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at)
{
    count(file);
    return syscall(SYS_pwrite64, file, bytes, length, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at)
{
    return pwrite64(file, bytes, length, at);
}

ssize_t send(int file, const void *bytes, size_t length, int flags)
{
    count(file);
    return syscall(SYS_sendto, file, bytes, length, flags, (void *)0, 0);
}
