// Sends GET requests at a fixed rate whatever the answers do (an open loop), for the scenario `rate`.
// Each latency counts from the moment at which its request was due, not from when it could be sent: a stalled proxy
// pays for every request that it kept waiting (no coordinated omission). HTTP/1.1 with Content-Length only.
// Usage: openloop PORT HOST PATH RATE WARM_UP_SECONDS SECONDS CONNECTIONS      prints one line of JSON
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { maxConnections = 1024, bufferSize = 16384 };

struct connection {
    int socket;
    int busy;
    long request;
    size_t filled, wanted;  // wanted: length of the whole answer, 0 until its head is here
    char buffer[bufferSize];
};

static struct connection connections[maxConnections];
static long idle[maxConnections], idleFirst, idleCount;  // a ring: every connection has its turn
static int64_t *latency, *delay;
static int64_t begun, interval;
static long total, due, sent, finished, failed, connectionCount;
static char head[1024];
static size_t headLength;

static void rest(long index) { idle[(idleFirst + idleCount++) % maxConnections] = index; }

static long wake(void) {
    long index = idle[idleFirst];
    idleFirst = (idleFirst + 1) % maxConnections;
    idleCount--;
    return index;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "openloop: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void openConnection(struct connection *connection, int port, int epoll) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0) fail("socket");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event) < 0) fail("epoll_ctl");
}

// A connection that failed is given up; its request counts as failed.
static void lose(struct connection *connection) {
    if (connection->busy) failed++;
    close(connection->socket);
    connection->socket = -1;
    connectionCount--;
}

static void transmit(struct connection *connection) {
    connection->busy = 1;
    connection->request = sent++;
    connection->filled = connection->wanted = 0;
    delay[connection->request] = now() - (begun + connection->request * interval);
    if (send(connection->socket, head, headLength, MSG_NOSIGNAL) != (ssize_t)headLength) lose(connection);
}

// The length of the whole answer, 0 if its head is incomplete, -1 if it is no plain 200.
static long measure(const struct connection *connection) {
    const char *end = strstr(connection->buffer, "\r\n\r\n");
    if (!end) return connection->filled < bufferSize - 1 ? 0 : -1;
    if (strncmp(connection->buffer, "HTTP/1.1 200", 12) != 0) return -1;
    const char *length = strcasestr(connection->buffer, "\r\ncontent-length:");
    return length && length < end ? end + 4 - connection->buffer + atol(length + 17) : -1;
}

static void receive(struct connection *connection) {
    if (connection->socket < 0) return;
    ssize_t count = recv(
        connection->socket, connection->buffer + connection->filled, bufferSize - 1 - connection->filled, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0 || !connection->busy) return lose(connection);
    connection->filled += count;
    connection->buffer[connection->filled] = 0;
    if (!connection->wanted) {
        long length = measure(connection);
        if (length < 0 || length > bufferSize - 1) return lose(connection);
        connection->wanted = length;
    }
    if (!connection->wanted || connection->filled < connection->wanted) return;
    if (connection->filled > connection->wanted) return lose(connection);
    latency[connection->request] = now() - (begun + connection->request * interval);
    finished++;
    connection->busy = 0;
    rest(connection - connections);
}

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static double percentile(int64_t *values, long count, double share) {
    long index = (long)(share * count);
    return count ? values[index < count ? index : count - 1] / 1000.0 : 0;
}

// Sends what is due; whoever finds no idle connection waits for one, with its clock running.
static void sendDue(int64_t time) {
    while (due < total && begun + due * interval <= time) due++;
    while (sent < due && idleCount > 0) {
        struct connection *connection = &connections[wake()];
        if (connection->socket >= 0) transmit(connection);
    }
}

static void run(int epoll, int timer, int64_t limit) {
    struct epoll_event events[256];
    while (finished + failed < total && now() < limit && connectionCount > 0) {
        int count = epoll_wait(epoll, events, 256, 100);
        for (int index = 0; index < count; index++) {
            uint64_t ticks;
            if (events[index].data.ptr) receive(events[index].data.ptr);
            else if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN) fail("timer");
        }
        sendDue(now());
    }
}

static void report(long warm) {
    long count = 0;
    int64_t *values = calloc(total, sizeof *values);
    if (!values) fail("memory");
    for (long index = warm; index < total; index++)
        if (latency[index] > 0) values[count++] = latency[index];
    qsort(values, count, sizeof *values, ascending);
    long departed = sent > warm ? sent - warm : 0;
    qsort(delay + warm, departed, sizeof *delay, ascending);
    printf("{\"requests\": %ld, \"counted\": %ld, \"failed\": %ld, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, "
           "\"worst\": %.1f, \"sent_late_p99\": %.1f}\n",
           finished, count, total - finished, percentile(values, count, 0.5), percentile(values, count, 0.99),
           percentile(values, count, 0.999), percentile(values, count, 1), percentile(delay + warm, departed, 0.99));
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: openloop PORT HOST PATH RATE WARM_UP_SECONDS SECONDS CONNECTIONS\n");
        return 2;
    }
    long rate = atol(argv[4]), warm = atol(argv[5]) * rate, width = atol(argv[7]);
    total = warm + atol(argv[6]) * rate;
    if (rate < 1 || rate > 1000000 || total <= warm || total > 100000000 || width < 1 || width > maxConnections) {
        fprintf(stderr, "openloop: a number is out of bounds\n");
        return 2;
    }
    interval = 1000000000LL / rate;
    headLength = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", argv[3], argv[2]);
    if (headLength >= sizeof head) return 2;
    latency = calloc(total, sizeof *latency);
    delay = calloc(total, sizeof *delay);
    int epoll = epoll_create1(EPOLL_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!latency || !delay || epoll < 0 || timer < 0) fail("start");
    for (long index = 0; index < width; index++) {
        openConnection(&connections[index], atoi(argv[1]), epoll);
        rest(index);
        connectionCount++;
    }
    struct itimerspec period = {{interval / 1000000000, interval % 1000000000}, {0, 1}};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (timerfd_settime(timer, 0, &period, NULL) < 0) fail("timer");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) < 0) fail("epoll_ctl");
    begun = now();
    run(epoll, timer, begun + total * interval + 5000000000LL);
    report(warm);
    return 0;
}
