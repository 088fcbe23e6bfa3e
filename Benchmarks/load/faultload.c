// Sends GET and POST requests at a fixed rate whatever becomes of them, and tells for each tenth of a second what did:
// for Benchmarks/faults. A connection that fails is opened anew; HTTP/1.1 with Content-Length only.
// Usage: faultload PORT HOST RATE SECONDS CONNECTIONS POSTS_PER_CENT      prints one JSON array on each line
//   [second, good GETs, bad GETs, good POSTs, bad POSTs, longest ms, answers of endpoint A, B, C, D, {"GET 503": 1, …}]
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

enum { maxConnections = 2048, bufferSize = 8192, lost = 1000, endpoints = 4 };

struct connection {
    int socket;  // -1 until it is needed
    long request;  // -1 while idle
    size_t filled, wanted;
    char buffer[bufferSize];
};

struct outcome {
    int64_t latency;
    int16_t status;  // `lost` for no answer, 0 while none is known
    char endpoint;
};

static struct connection connections[maxConnections];
static long idle[maxConnections], idleCount, width, total, due, sent, ended;
static struct outcome *outcomes;
static int64_t begun, interval;
static int port, epoll;
static long posts;
static const char *host;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
    fprintf(stderr, "faultload: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int isPost(long request) { return request * 100003 % 100 < posts; }

static int openConnection(struct connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0) fail("socket");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) < 0) return 0;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event) == 0;
}

static void end(struct connection *connection, int status, char endpoint) {
    struct outcome *outcome = &outcomes[connection->request];
    outcome->latency = now() - (begun + connection->request * interval);
    outcome->status = status;
    outcome->endpoint = endpoint;
    ended++;
    connection->request = -1;
    idle[idleCount++] = connection - connections;
}

static void renew(struct connection *connection) {
    close(connection->socket);
    if (!openConnection(connection)) fail("connect to the proxy");
}

static void lose(struct connection *connection) {
    if (connection->request >= 0) end(connection, lost, 0);
    renew(connection);
}

static void transmit(struct connection *connection) {
    char head[512];
    if (connection->socket < 0 && !openConnection(connection)) fail("connect to the proxy");
    connection->request = sent++;
    connection->filled = connection->wanted = 0;
    int post = isPost(connection->request);
    int length = snprintf(
        head, sizeof head, "%s /%ld HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", post ? "POST" : "GET", connection->request, host,
        post ? "Content-Length: 4\r\n" : "", post ? "once" : "");
    if (send(connection->socket, head, length, MSG_NOSIGNAL) != length) lose(connection);
}

static void receive(struct connection *connection) {
    ssize_t count = recv(
        connection->socket, connection->buffer + connection->filled, bufferSize - 1 - connection->filled, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0 || connection->request < 0) return lose(connection);
    connection->filled += count;
    connection->buffer[connection->filled] = 0;
    const char *body = strstr(connection->buffer, "\r\n\r\n");
    if (!body) return;
    const char *length = strcasestr(connection->buffer, "\r\ncontent-length:");
    connection->wanted = body + 4 - connection->buffer + (length && length < body ? atol(length + 17) : 0);
    if (connection->filled < connection->wanted) return;
    int status = atoi(connection->buffer + 9), closes = strcasestr(connection->buffer, "\r\nconnection: close") != NULL;
    end(connection, status, status == 200 ? body[4] : 0);
    if (closes) renew(connection);
}

static void report(void) {
    long slots = (total * interval + 99999999) / 100000000;
    for (long slot = 0; slot < slots; slot++) {
        long good[2] = {0, 0}, bad[2] = {0, 0}, answers[endpoints] = {0}, faults[2][lost + 1];
        int64_t longest = 0;
        memset(faults, 0, sizeof faults);
        for (long request = slot * 100000000 / interval; request < total; request++) {
            if (request * interval >= (slot + 1) * 100000000) break;
            struct outcome *outcome = &outcomes[request];
            int status = outcome->status ? outcome->status : lost, post = isPost(request);
            if (outcome->latency > longest) longest = outcome->latency;
            if (status == 200) good[post]++;
            else bad[post]++, faults[post][status < lost ? status : lost]++;
            if (outcome->endpoint >= 'A' && outcome->endpoint < 'A' + endpoints) answers[outcome->endpoint - 'A']++;
        }
        printf("[%.1f, %ld, %ld, %ld, %ld, %.1f", slot / 10.0, good[0], bad[0], good[1], bad[1], longest / 1e6);
        for (int index = 0; index < endpoints; index++) printf(", %ld", answers[index]);
        const char *separator = ", {";
        for (int post = 0; post < 2; post++)
            for (int status = 0; status <= lost; status++)
                if (faults[post][status]) {
                    printf("%s\"%s %d\": %ld", separator, post ? "POST" : "GET", status, faults[post][status]);
                    separator = ", ";
                }
        printf("%s}]\n", separator[2] == '{' ? ", {" : "");
    }
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: faultload PORT HOST RATE SECONDS CONNECTIONS POSTS_PER_CENT\n");
        return 2;
    }
    long rate = atol(argv[3]), seconds = atol(argv[4]);
    port = atoi(argv[1]), host = argv[2], width = atol(argv[5]), posts = atol(argv[6]);
    if (rate < 10 || rate > 100000 || seconds < 1 || seconds > 600 || width < 1 || width > maxConnections) {
        fprintf(stderr, "faultload: a number is out of bounds\n");
        return 2;
    }
    total = rate * seconds;
    interval = 1000000000LL / rate;
    outcomes = calloc(total, sizeof *outcomes);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!outcomes || epoll < 0 || timer < 0) fail("start");
    for (long index = 0; index < width; index++) {
        connections[index].request = connections[index].socket = -1;
        idle[idleCount++] = index;
    }
    struct itimerspec period = {{0, 1000000}, {0, 1}};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[256];
    if (timerfd_settime(timer, 0, &period, NULL) < 0) fail("timer");
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) < 0) fail("epoll_ctl");
    begun = now();
    int64_t limit = begun + total * interval + 10000000000LL;
    while (ended < total && now() < limit) {
        int count = epoll_wait(epoll, events, 256, 100);
        for (int index = 0; index < count; index++) {
            uint64_t ticks;
            if (events[index].data.ptr) receive(events[index].data.ptr);
            else if (read(timer, &ticks, sizeof ticks) < 0 && errno != EAGAIN) fail("timer");
        }
        while (due < total && begun + due * interval <= now()) due++;
        while (sent < due && idleCount > 0) transmit(&connections[idle[--idleCount]]);
    }
    report();
    return 0;
}
