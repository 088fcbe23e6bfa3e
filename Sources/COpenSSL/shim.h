// The part of OpenSSL that CLibeventTLS uses, and as functions what OpenSSL has as macros.
#ifndef RELEVO_COPENSSL_H
#define RELEVO_COPENSSL_H

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ocsp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/* Buffers go while a connection is idle; what did not leave may be offered again from another place. */
static inline void relevo_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/* Writes a name in the form of RFC 4514, its UTF-8 as it is. */
static inline int relevo_print_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}

static inline int relevo_set_versions(SSL_CTX *context, int least, int most) {
    return SSL_CTX_set_min_proto_version(context, least) == 1 && SSL_CTX_set_max_proto_version(context, most) == 1;
}

static inline int relevo_set_groups(SSL_CTX *context, const char *list) {
    return SSL_CTX_set1_groups_list(context, list) == 1;
}

/* No renegotiation (RFC 7457 §2.10), no compression (RFC 7457 §2.6). A server's order of suites decides, but for a
   client that puts ChaCha20 first, because it has no AES in hardware. */
static inline void relevo_set_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
}

static inline void relevo_set_read_ahead(SSL_CTX *context) { SSL_CTX_set_read_ahead(context, 1); }

static inline void relevo_set_resumption_cache(SSL_CTX *context, long mode) {
    SSL_CTX_set_session_cache_mode(context, mode);
}

typedef int (*relevo_name_callback)(SSL *, int *, void *);

static inline void relevo_set_name_callback(SSL_CTX *context, relevo_name_callback callback, void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}

typedef int (*relevo_status_callback)(SSL *, void *);

static inline void relevo_set_status_callback(SSL_CTX *context, relevo_status_callback callback, void *argument) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
    SSL_CTX_set_tlsext_status_arg(context, argument);
}

/* Takes the memory over, which OpenSSL must have allocated. */
static inline void relevo_set_status(SSL *connection, void *response, long length) {
    SSL_set_tlsext_status_ocsp_resp(connection, response, length);
}

static inline int relevo_send_name(SSL *connection, const char *name) {
    return SSL_set_tlsext_host_name(connection, name) == 1;
}

static inline void relevo_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void relevo_set_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void relevo_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline void *relevo_copy(const void *bytes, size_t count) { return OPENSSL_memdup(bytes, count); }
static inline void relevo_free(void *memory) { OPENSSL_free(memory); }

/* Sets a ticket's authentication up: HMAC with SHA-256. */
static inline int relevo_set_ticket_mac(EVP_MAC_CTX *mac, const unsigned char *key, size_t size) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, size);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, parameters);
}

static inline const EVP_MD *relevo_digest(const ASN1_OBJECT *name) { return EVP_get_digestbyobj(name); }

static inline long relevo_bio_bytes(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

#endif
