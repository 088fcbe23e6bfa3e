/* Counts the heap allocations of a process, those of libevent apart from all others.
 *
 * Twice in use: linked into the micro-benchmarks, and as a library of its own that Benchmarks/compare has the loader put
 * before the C library (LD_PRELOAD). The counts are then in the file that RELEVO_ALLOCATIONS names: two 64-bit numbers,
 * libevent's and all others'. Only for Linux with glibc, and not for use with sanitizers. */
#define _GNU_SOURCE
#include "counter.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

struct counts { _Atomic uint64_t libevent, others; };

static struct counts own;
static struct counts *counts = &own;
static uintptr_t libevent_start, libevent_end;

static int find_libevent(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size, (void)context;
    if (!info->dlpi_name || !strstr(info->dlpi_name, "libevent")) return 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        libevent_start = info->dlpi_addr + part->p_vaddr;
        libevent_end = libevent_start + part->p_memsz;
    }
    return 0;
}

__attribute__((constructor)) static void prepare(void) {
    dl_iterate_phdr(find_libevent, NULL);
    const char *path = getenv("RELEVO_ALLOCATIONS");
    if (!path) return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof own) < 0) return;
    void *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) counts = shared;
}

static void count(void *caller) {
    uintptr_t place = (uintptr_t)caller;
    int is_libevent = place >= libevent_start && place < libevent_end;
    atomic_fetch_add_explicit(is_libevent ? &counts->libevent : &counts->others, 1, memory_order_relaxed);
}

void *malloc(size_t size) {
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count(__builtin_return_address(0));
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count(__builtin_return_address(0));
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    count(__builtin_return_address(0));
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : 12;
}

uint64_t relevo_allocations(void) {
    return atomic_load_explicit(&counts->others, memory_order_relaxed)
        + atomic_load_explicit(&counts->libevent, memory_order_relaxed);
}
