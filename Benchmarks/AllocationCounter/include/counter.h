/* The heap allocations of this process so far. */
#ifndef RELEVO_ALLOCATION_COUNTER_H
#define RELEVO_ALLOCATION_COUNTER_H

#include <stdint.h>

uint64_t relevo_allocations(void);

#endif
