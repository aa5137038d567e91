/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "systemd-units/proxy-namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"

#define NETNS_DIR "/run/netns"
#define OWN_NAMESPACE "/proc/thread-self/ns/net"

char *neo_proxy_namespace_path(const char *name)
{
  return g_strconcat(NETNS_DIR "/neo-", name, NULL);
}

gboolean neo_proxy_namespace_exists(const char *name)
{
  g_autofree char *path = neo_proxy_namespace_path(name);
  struct statfs fs;

  return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

/* In a unit this process has a mount namespace of its own, even behind a "+" (systemd 252); a name that is to be seen
 * by others is made in that of the first process. */
static gboolean enter_first_mount_namespace(void)
{
  int fd = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);

  return fd >= 0 && setns(fd, CLONE_NEWNS) == 0;
}

/* What runs in a process of its own, whose namespaces end with it. Returns 0 or the errno. */
typedef int (*Task)(const char *path);

static int bind_new_namespace(const char *path)
{
  if (mkdir(NETNS_DIR, 0755) < 0 && errno != EEXIST)
    return errno;
  /* A file without a namespace on it is left from a start that was killed. */
  int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0444);
  if (fd < 0)
    return errno;
  if (unshare(CLONE_NEWNET) == 0 && mount(OWN_NAMESPACE, path, NULL, MS_BIND, NULL) == 0)
    return 0;
  int errnum = errno;
  unlink(path);
  return errnum;
}

static int remove_name(const char *path)
{
  umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
  return unlink(path) == 0 || errno == ENOENT ? 0 : errno;
}

static gboolean run_outside(const char *name, Task task, GError **error)
{
  g_autofree char *path = neo_proxy_namespace_path(name);
  int status;
  pid_t child = fork();

  if (child == 0)
    _exit(enter_first_mount_namespace() ? task(path) : errno);
  if (child < 0 || TEMP_FAILURE_RETRY(waitpid(child, &status, 0)) < 0)
    return neo_error_set_errno(error, errno, "%s", path);
  int errnum = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return errnum ? neo_error_set_errno(error, errnum, "%s", path) : TRUE;
}

gboolean neo_proxy_namespace_create(const char *name, GError **error)
{
  return neo_proxy_namespace_exists(name) || run_outside(name, bind_new_namespace, error);
}

gboolean neo_proxy_namespace_delete(const char *name, GError **error)
{
  g_autofree char *path = neo_proxy_namespace_path(name);

  return access(path, F_OK) < 0 || run_outside(name, remove_name, error);
}

gboolean neo_proxy_namespace_enter(const char *name, int *ret_home, GError **error)
{
  g_autofree char *path = neo_proxy_namespace_path(name);
  int there = open(path, O_RDONLY | O_CLOEXEC), home = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC), errnum;

  if (there >= 0 && home >= 0 && setns(there, CLONE_NEWNET) == 0) {
    close(there);
    *ret_home = home;
    return TRUE;
  }
  errnum = errno;
  if (there >= 0)
    close(there);
  if (home >= 0)
    close(home);
  return neo_error_set_errno(error, errnum, "%s", path);
}

void neo_proxy_namespace_leave(int home)
{
  if (setns(home, CLONE_NEWNET) < 0)
    g_error("the way back into the host's network namespace: %s", g_strerror(errno));
  close(home);
}
