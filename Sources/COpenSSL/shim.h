// The part of OpenSSL that CLibeventTLS uses.
#ifndef RELEVO_COPENSSL_H
#define RELEVO_COPENSSL_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#endif
