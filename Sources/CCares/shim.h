/* The part of c-ares 1.18 or later that Relevo uses, as one C module. Public headers only. */
#ifndef RELEVO_CCARES_SHIM_H
#define RELEVO_CCARES_SHIM_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <ares.h>

/* How c-ares reaches the network: as it would by itself, but descriptors never survive exec, a peer that is gone never
   raises SIGPIPE, and a turn of the loop ends after so many reads. The context is the count of those that are left. */

static inline ares_socket_t relevo_ares_open(int family, int type, int protocol, void *reads_left) {
    (void)reads_left;
    int on = 1;
    int descriptor = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (descriptor >= 0 && type == SOCK_STREAM) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return descriptor;
}

static inline int relevo_ares_close(ares_socket_t descriptor, void *reads_left) {
    (void)reads_left;
    return close(descriptor);
}

static inline int relevo_ares_connect(
    ares_socket_t descriptor, const struct sockaddr *address, ares_socklen_t length, void *reads_left) {
    (void)reads_left;
    return connect(descriptor, address, length);
}

static inline ares_ssize_t relevo_ares_receive(
    ares_socket_t descriptor, void *data, size_t size, int flags, struct sockaddr *from, ares_socklen_t *length,
    void *reads_left) {
    int *left = (int *)reads_left;
    if (*left <= 0) {
        errno = EAGAIN;
        return -1;
    }
    *left -= 1;
    return recvfrom(descriptor, data, size, flags, from, length);
}

static inline ares_ssize_t relevo_ares_send(
    ares_socket_t descriptor, const struct iovec *parts, int count, void *reads_left) {
    (void)reads_left;
    struct msghdr message = {0};
    message.msg_iov = (struct iovec *)parts;
    message.msg_iovlen = (size_t)count;
    ares_ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    /* That a datagram before this one was refused would be told now, and then to nobody who waits for its answer: what
       this one leaves behind is read by c-ares, which takes it for all of them. */
    if (sent < 0 && errno == ECONNREFUSED) sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    return sent;
}

/* Makes the channel use the functions above. `reads_left` must live as long as the channel. */
static inline void relevo_ares_use_sockets(ares_channel channel, int *reads_left) {
    static const struct ares_socket_functions functions = {
        relevo_ares_open, relevo_ares_close, relevo_ares_connect, relevo_ares_receive, relevo_ares_send,
    };
    ares_set_socket_functions(channel, &functions, reads_left);
}

#endif
