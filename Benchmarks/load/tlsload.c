// Sends GET requests over TLS 1.3 in a closed loop, for the scenarios with TLS: `kept`, many on each connection;
// `full`, a new connection with a full handshake for each; `resumed`, a new one that resumes by the last ticket.
// Offers one version, suite, group and protocol only, and checks of every connection what was agreed on: anything else,
// also another kind of handshake, is an error. HTTP/1.1 with Content-Length only.
// Usage: tlsload PORT NAME PATH CERTIFICATE kept|full|resumed CONNECTIONS SECONDS BODY      prints one line of JSON
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { maxConnections = 1024, maxRequests = 1 << 22, maxErrors = 100, headSize = 8192, patience = 10 };
enum mode { kept, full, resumed };
enum step { closed, handshaking, asking, readingHead, readingBody, leaving, ending };
enum kind { connectFailed, handshakeFailed, otherAgreement, otherHandshake, cutShort, otherAnswer, tooLate, kinds };

static const char *const modes[] = {"kept", "full", "resumed"};
static const char *const names[kinds] = {
    "connect", "handshake", "version, suite or protocol", "full or resumed", "ended early", "answer", "timeout"};

struct connection {
    SSL *tls;
    SSL_SESSION *ticket;  // the last that came
    int socket, offered;  // offered: whether the handshake began with a ticket
    enum step step;
    int64_t begun;
    long filled, left;  // bytes of the head so far, bytes of the body that are missing
    char head[headSize];
};

static struct connection connections[maxConnections];
static uint32_t latency[maxRequests];  // microseconds
static char memory[65536], request[1024];
static long errors[kinds], requests, handshakes, resumptions, tickets, cut, active, body, width;
static int64_t end;
static int epoll, port, requestLength;
static enum mode mode;
static const char *name, *words;  // words: what OpenSSL said of the first failure
static SSL_CTX *context;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void fail(const char *what) {
    fprintf(stderr, "tlsload: %s: %s\n", what, errno ? strerror(errno) : "");
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int isOver(void) {
    long sum = 0;
    for (int index = 0; index < kinds; index++) sum += errors[index];
    return now() >= end || requests == maxRequests || sum >= maxErrors;
}

static void drop(struct connection *connection) {
    SSL_free(connection->tls);
    close(connection->socket);
    connection->tls = NULL;
    connection->step = closed;
    active--;
}

static void lose(struct connection *connection, enum kind kind) {
    errors[kind]++;
    drop(connection);
}

// OpenSSL takes a ticket that was used for spoilt. A copy is: a server may send no other.
static void offer(struct connection *connection) {
    SSL_SESSION *copy = SSL_SESSION_dup(connection->ticket);
    if (!copy || !SSL_set_session(connection->tls, copy)) fail("a ticket");
    SSL_SESSION_free(copy);
}

// A new connection as far as its first word; `drive` goes on.
static void begin(struct connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->begun = now();
    connection->step = handshaking;
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connection->tls = SSL_new(context);
    active++;
    if (connection->socket < 0 || !connection->tls) fail("a connection");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL_set_fd(connection->tls, connection->socket);
    SSL_set_app_data(connection->tls, connection);
    SSL_set_tlsext_host_name(connection->tls, name);
    SSL_set1_host(connection->tls, name);
    SSL_set_connect_state(connection->tls);
    connection->offered = mode == resumed && connection->ticket;
    if (connection->offered) offer(connection);
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        return lose(connection, connectFailed);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event) < 0) fail("epoll_ctl");
}

// Called for each ticket; 1 keeps it.
static int takeTicket(SSL *tls, SSL_SESSION *ticket) {
    struct connection *connection = SSL_get_app_data(tls);
    tickets++;
    if (mode != resumed) return 0;
    SSL_SESSION_free(connection->ticket);
    connection->ticket = ticket;
    return 1;
}

// Whether OpenSSL only wants the socket to be ready. What else it says is kept the first time and forgotten here.
static int isWaiting(struct connection *connection, int result) {
    int system = errno, error = SSL_get_error(connection->tls, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 1;
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    if (!words) words = reason ? reason : error == SSL_ERROR_SYSCALL && system ? strerror(system) : "";
    ERR_clear_error();
    return 0;
}

// What was agreed on, or which of it is not what is measured.
static enum kind check(struct connection *connection) {
    const unsigned char *protocol;
    unsigned length;
    const SSL_CIPHER *suite = SSL_get_current_cipher(connection->tls);
    SSL_get0_alpn_selected(connection->tls, &protocol, &length);
    handshakes++;
    resumptions += SSL_session_reused(connection->tls);
    if (SSL_version(connection->tls) != TLS1_3_VERSION || SSL_CIPHER_get_id(suite) != TLS1_3_CK_AES_128_GCM_SHA256 ||
        length != 8 || memcmp(protocol, "http/1.1", 8) != 0)
        return otherAgreement;
    return SSL_session_reused(connection->tls) == connection->offered ? kinds : otherHandshake;
}

static int shakeHands(struct connection *connection) {
    int result = SSL_do_handshake(connection->tls);
    if (result != 1) {
        if (isWaiting(connection, result)) return 0;
        return lose(connection, handshakeFailed), 0;
    }
    enum kind wrong = check(connection);
    if (wrong != kinds) return lose(connection, wrong), 0;
    connection->step = asking;
    return 1;
}

static int ask(struct connection *connection) {
    int result = SSL_write(connection->tls, request, requestLength);
    if (result != requestLength) {
        if (result <= 0 && isWaiting(connection, result)) return 0;
        return lose(connection, cutShort), 0;
    }
    connection->step = readingHead;
    connection->filled = 0;
    return 1;
}

// The answer is complete.
static int finish(struct connection *connection) {
    int64_t time = now();
    latency[requests++] = time - connection->begun < UINT32_MAX ? time - connection->begun : UINT32_MAX;
    connection->begun = time;
    if (mode != kept) {
        connection->step = leaving;
    } else if (isOver()) {
        SSL_shutdown(connection->tls);
        return drop(connection), 0;
    } else {
        connection->step = asking;
    }
    return 1;
}

// Takes `count` bytes that begin or continue the head; what is behind it is body.
static int takeHead(struct connection *connection, const char *bytes, long count) {
    if (connection->filled + count >= headSize) count = headSize - 1 - connection->filled;
    memcpy(connection->head + connection->filled, bytes, count);
    connection->filled += count;
    connection->head[connection->filled] = 0;
    const char *over = strstr(connection->head, "\r\n\r\n");
    if (!over) return connection->filled < headSize - 1 ? 1 : (lose(connection, otherAnswer), 0);
    const char *length = strcasestr(connection->head, "\r\ncontent-length:");
    int isGood = strncmp(connection->head, "HTTP/1.1 200", 12) == 0 && length && length < over;
    if (!isGood || atol(length + 17) != body) return lose(connection, otherAnswer), 0;
    connection->step = readingBody;
    return 1;
}

static int receive(struct connection *connection) {
    int isHead = connection->step == readingHead;
    int count = SSL_read(connection->tls, memory, isHead ? headSize - 1 : (int)sizeof memory);
    if (count <= 0) {
        if (isWaiting(connection, count)) return 0;
        return lose(connection, cutShort), 0;
    }
    if (isHead) {
        long before = connection->filled;
        if (!takeHead(connection, memory, count)) return 0;
        if (connection->step == readingHead) return 1;
        long headLength = strstr(connection->head, "\r\n\r\n") + 4 - connection->head;
        connection->left = body;
        count -= headLength - before;
    }
    connection->left -= count;
    if (connection->left < 0) return lose(connection, otherAnswer), 0;
    return connection->left > 0 ? 1 : finish(connection);
}

// Waits for the proxy's close_notify, then for the end of its stream: the proxy closes first, so that it keeps the
// state of the connection, and this side's ports are free at once.
static int leave(struct connection *connection) {
    if (connection->step == leaving) {
        int count = SSL_read(connection->tls, memory, sizeof memory);
        if (count > 0) return lose(connection, otherAnswer), 0;
        if (isWaiting(connection, count)) return 0;
        if (!(SSL_get_shutdown(connection->tls) & SSL_RECEIVED_SHUTDOWN)) cut++;
        connection->step = ending;
    }
    ssize_t count = recv(connection->socket, memory, sizeof memory, 0);
    if (count > 0) return 1;
    if (count < 0 && errno == EAGAIN) return 0;
    // Else OpenSSL holds the ticket of a connection that ended without a farewell for spoilt.
    SSL_set_shutdown(connection->tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    return drop(connection), 0;
}

// As far as the socket allows.
static void drive(struct connection *connection) {
    int goesOn = connection->step != closed;
    while (goesOn) switch (connection->step) {
        case closed: return;
        case handshaking: goesOn = shakeHands(connection); break;
        case asking: goesOn = ask(connection); break;
        case readingHead: case readingBody: goesOn = receive(connection); break;
        case leaving: case ending: goesOn = leave(connection); break;
    }
}

// Begins what is not open. Until the first ticket has come there is one connection only.
static void refill(void) {
    long wanted = mode == resumed && !connections[0].ticket ? 1 : width;
    for (long index = 0; index < wanted; index++) {
        struct connection *connection = &connections[index];
        if (connection->step != closed || isOver()) continue;
        if (mode == resumed && !connection->ticket && connections[0].ticket) {
            connection->ticket = SSL_SESSION_dup(connections[0].ticket);
        }
        begin(connection);
        drive(connection);
    }
}

static void giveUpLate(void) {
    int64_t time = now();
    for (long index = 0; index < width; index++) {
        struct connection *connection = &connections[index];
        if (connection->step != closed && time - connection->begun > patience * 1000000LL) lose(connection, tooLate);
    }
}

// Begins nothing after the end of the time, but lets finish what has begun: all that was paid for is counted.
static void run(void) {
    struct epoll_event events[256];
    while (now() < end + patience * 1000000LL) {
        if (mode == resumed && requests > 0 && active == 0 && !connections[0].ticket) {
            errors[otherHandshake]++;  // no ticket has come: nothing can be resumed
            break;
        }
        refill();
        if (active == 0 && isOver()) break;
        int count = active > 0 ? epoll_wait(epoll, events, 256, 100) : 0;
        for (int index = 0; index < count; index++) drive(events[index].data.ptr);
        if (count <= 0) giveUpLate();
    }
    errors[tooLate] += active;
}

static int ascending(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t percentile(double share) {
    long index = (long)(share * requests);
    return requests ? latency[index < requests ? index : requests - 1] : 0;
}

static void report(int64_t begun) {
    double seconds = (now() - begun) / 1e6;
    qsort(latency, requests, sizeof *latency, ascending);
    printf("{\"requests\": %ld, \"bytes\": %ld, \"seconds\": %f, \"p50\": %u, \"p99\": %u, \"worst\": %u, "
           "\"handshakes\": %ld, \"resumed\": %ld, \"tickets\": %ld, \"cut\": %ld, \"words\": \"%s\", \"errors\": {",
           requests, requests * body, seconds, percentile(0.5), percentile(0.99), percentile(1), handshakes,
           resumptions, tickets, cut, words ? words : "");
    for (int index = 0; index < kinds; index++) printf("%s\"%s\": %ld", index ? ", " : "", names[index], errors[index]);
    printf("}}\n");
}

static void prepare(const char *certificate) {
    static const unsigned char protocols[] = "\x08http/1.1";
    context = SSL_CTX_new(TLS_client_method());
    if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) ||
        !SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") || !SSL_CTX_set1_groups_list(context, "X25519") ||
        SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1) ||
        !SSL_CTX_load_verify_locations(context, certificate, NULL))
        fail("OpenSSL");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    // Nothing is resumed by itself: `begin` offers a ticket, or does not.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, takeTicket);
    // Several records in one recv: the cheaper this side is, the better.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, sizeof memory);
}

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: tlsload PORT NAME PATH CERTIFICATE kept|full|resumed CONNECTIONS SECONDS BODY\n");
        return 2;
    }
    long seconds = atol(argv[7]);
    port = atoi(argv[1]), name = argv[2], width = atol(argv[6]), body = atol(argv[8]);
    while (mode <= resumed && strcmp(modes[mode], argv[5]) != 0) mode++;
    if (mode > resumed || width < 1 || width > maxConnections || seconds < 1 || seconds > 600 || body < 1) {
        fprintf(stderr, "tlsload: a mode that is not known, or a number out of bounds\n");
        return 2;
    }
    requestLength = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", argv[3], name,
                             mode == kept ? "" : "Connection: close\r\n");
    if (requestLength >= (int)sizeof request) return 2;
    signal(SIGPIPE, SIG_IGN);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll");
    prepare(argv[4]);
    int64_t begun = now();
    end = begun + seconds * 1000000LL;
    run();
    report(begun);
    return 0;
}
