/* The part of libevent 2.1 that Relevo uses, as one C module. Public headers only. */
#ifndef RELEVO_CEVENT2_SHIM_H
#define RELEVO_CEVENT2_SHIM_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <event2/event.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>

#endif
