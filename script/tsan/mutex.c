/* Tells the thread sanitizer about Synchronization.Mutex under contention.
 *
 * The uncontended paths of Mutex are inlined into the sanitized code and seen. The contended ones live in the
 * toolchain's library, which is not sanitized: without these interposers every contended hand-over of a lock
 * would be reported as a race. Preloaded by script/test for thread-sanitizer runs; never part of a product.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

SWIFT void lockSlow(uint32_t thread, SELF self) __asm__(LOCK_SLOW);
SWIFT bool tryLockSlow(SELF self) __asm__(TRY_LOCK_SLOW);
SWIFT void unlockSlow(SELF self) __asm__(UNLOCK_SLOW);

static void *next(const char *symbol) {
    void *found = dlsym(RTLD_NEXT, symbol);
    if (!found) abort();
    return found;
}

SWIFT void lockSlow(uint32_t thread, SELF self) {
    SWIFT void (*real)(uint32_t, SELF) = (SWIFT void (*)(uint32_t, SELF))next(LOCK_SLOW);
    real(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool tryLockSlow(SELF self) {
    SWIFT bool (*real)(SELF) = (SWIFT bool (*)(SELF))next(TRY_LOCK_SLOW);
    bool locked = real(self);
    if (locked && __tsan_acquire) __tsan_acquire(self);
    return locked;
}

SWIFT void unlockSlow(SELF self) {
    SWIFT void (*real)(SELF) = (SWIFT void (*)(SELF))next(UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(self);
    real(self);
}
