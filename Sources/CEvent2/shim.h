/* The part of libevent 2.1 that Relevo uses, as one C module. Public headers only. */
#ifndef RELEVO_CEVENT2_SHIM_H
#define RELEVO_CEVENT2_SHIM_H

#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>

/* The C library declares these only for GNU sources, which importers of this module are not. */
extern int accept4(int descriptor, struct sockaddr *peer, socklen_t *length, int flags);
extern int pipe2(int descriptors[2], int flags);
extern ssize_t splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t count, unsigned flags);
extern int pthread_setname_np(pthread_t thread, const char *name);

extern long syscall(long number, ...);
extern int setgroups(size_t count, const gid_t *groups);
extern int initgroups(const char *user, gid_t group);
extern int setresuid(uid_t real, uid_t effective, uid_t saved);
extern int setresgid(gid_t real, gid_t effective, gid_t saved);
extern int sched_getaffinity(pid_t process, size_t size, void *mask);

/* Processors that the calling process may run on, 0 if the system does not tell. */
static inline int relevo_processor_count(void) {
    unsigned long mask[128] = {0};
    int count = 0;
    if (sched_getaffinity(0, sizeof mask, mask) < 0) return 0;
    for (int i = 0; i < 128; i++) count += __builtin_popcountl(mask[i]);
    return count;
}

/* Whether a TCP connection is over on both sides without anybody here having closed it. */
static inline int relevo_is_reset(int descriptor) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) return 0;
    return info.tcpi_state == TCP_CLOSE;
}

/* Bytes that the peer has acknowledged on a TCP connection, the SYN being one of them; -1 if the system does not tell.
   The field is tcpi_bytes_acked at offset 120 of the kernel's struct tcp_info, of which the C library declares less. */
static inline int64_t relevo_acknowledged(int descriptor) {
    unsigned char info[128];
    uint64_t count;
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, &size) < 0 || size < 128) return -1;
    memcpy(&count, info + 120, sizeof count);
    return count > INT64_MAX ? -1 : (int64_t)count;
}

/* Whether the loop has found an event due and not yet called it. */
static inline int relevo_is_active(const struct event *event) {
    return (event->ev_evcallback.evcb_flags & (EVLIST_ACTIVE | EVLIST_ACTIVE_LATER)) != 0;
}

/* Opens a pipe that neither blocks nor survives exec. */
static inline int relevo_pipe(int ends[2]) { return pipe2(ends, O_NONBLOCK | O_CLOEXEC); }

/* Asks for a pipe's size in bytes (F_SETPIPE_SZ, which is declared only for GNU sources). */
static inline int relevo_set_pipe_size(int descriptor, int size) { return fcntl(descriptor, 1031, size); }

/* What poll(2) says when the other side sends nothing more (POLLRDHUP, which is declared only for GNU sources). */
static const short relevo_pollrdhup = 0x2000;

/* Moves pages between a socket and a pipe: SPLICE_F_MOVE | SPLICE_F_NONBLOCK. */
static inline ssize_t relevo_splice(int in, int out, size_t count) { return splice(in, NULL, out, NULL, count, 3); }

/* Creates an eventfd that neither blocks nor survives exec. */
static inline int relevo_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/* Leaves the calling thread, which root has started, no right but that to ports below 1024, which the program that it
   executes next keeps too (capabilities(7)). 0 on success. The order of the calls is the only one that works. */
static inline int relevo_become(uid_t user, gid_t group, const char *name) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct before[2], sets[2] = {{0}};
    const unsigned bit = 1u << CAP_NET_BIND_SERVICE;
    if (syscall(SYS_capget, &header, before) < 0) return -1;
    int may_bind = (before[0].permitted & bit) != 0;
    sets[0].effective = sets[0].permitted = sets[0].inheritable = may_bind ? bit : 0;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -1;
    if (name ? initgroups(name, group) < 0 : setgroups(1, &group) < 0) return -1;
    if (setresgid(group, group, group) < 0 || setresuid(user, user, user) < 0) return -1;
    if (syscall(SYS_capset, &header, sets) < 0) return -1;
    if (may_bind && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) < 0) return -1;
    /* What it executes cannot become root again by a file's mode. */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Descriptors in one message at most; the system itself takes 253. */
#define RELEVO_MOST_DESCRIPTORS 64

/* Sends bytes and, with the first of them, descriptors (SCM_RIGHTS); as sendmsg. */
static inline ssize_t relevo_send_rights(
    int connection, const void *bytes, size_t size, const int *descriptors, size_t count) {
    union { char bytes[CMSG_SPACE(sizeof(int) * RELEVO_MOST_DESCRIPTORS)]; struct cmsghdr header; } control;
    struct iovec data = {(void *)bytes, size};
    struct msghdr message = {0};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (count > RELEVO_MOST_DESCRIPTORS) count = RELEVO_MOST_DESCRIPTORS;
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
    }
    return sendmsg(connection, &message, MSG_NOSIGNAL);
}

/* Receives bytes and what descriptors come with them, which do not survive exec; as recvmsg. The array has room for
   RELEVO_MOST_DESCRIPTORS. */
static inline ssize_t relevo_receive_rights(
    int connection, void *bytes, size_t size, int *descriptors, size_t *count) {
    union { char bytes[CMSG_SPACE(sizeof(int) * RELEVO_MOST_DESCRIPTORS)]; struct cmsghdr header; } control;
    struct iovec data = {bytes, size};
    struct msghdr message = {0};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t received = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    *count = 0;
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t found = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors + *count, CMSG_DATA(header), found * sizeof(int));
        *count += found;
    }
    return received;
}

#endif
