/*
 * The kernel's mutex and its table of processes once more, in C: what they are compared with by `make bench`
 * (docs/performance.md). Same algorithms, same checks, same rules of the kernel (no floating point, frame pointers
 * kept); threads stop and wake through the kernel's own wait queues. Linked into the image of benchmarks only.
 */
#ifndef TWIN_H
#define TWIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the kernel offers (kernel/src/bench/twin.rs). A queue is a wait queue of the kernel's. */
typedef bool (*twin_condition)(void *argument);
void twin_hook_wait_until(const void *queue, twin_condition condition, void *argument);
bool twin_hook_wait_until_interruptible(const void *queue, twin_condition condition, void *argument);
void twin_hook_wake_one(const void *queue);
void twin_hook_wake_all(const void *queue);
void twin_hook_yield(void);
/* Makes up for a switch that was due while preemption was off. */
void twin_hook_catch_up(void);
uint64_t twin_hook_time_stamp(void);
void *twin_hook_allocate(size_t bytes);
void twin_hook_free(void *memory, size_t bytes);

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* This CPU's count of reasons not to switch, the note that a switch is due, and the running thread, as offsets that the
   kernel gives the linker (kernel/src/arch/x86_64/percpu.rs). */

static inline void preempt_disable(void)
{
    __asm__ volatile("incl %%gs:twin_preempt_count" : : : "memory", "cc");
}

static inline bool need_resched(void)
{
    uint8_t due;
    __asm__ volatile("movb %%gs:twin_need_resched, %0" : "=r"(due) : : "memory");
    return due != 0;
}

static inline uint64_t current_thread(void)
{
    uint64_t thread;
    __asm__ volatile("movq %%gs:twin_thread, %0" : "=r"(thread));
    return thread;
}

static inline void preempt_enable(void)
{
    __asm__ volatile("decl %%gs:twin_preempt_count" : : : "memory", "cc");
    if (UNLIKELY(need_resched()))
        twin_hook_catch_up();
}

/* A spin lock between threads: preemption is off while it is held. */
struct spin_lock {
    uint8_t locked;
};

void spin_contend(struct spin_lock *lock);

static inline void spin_lock(struct spin_lock *lock)
{
    preempt_disable();
    if (UNLIKELY(__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)))
        spin_contend(lock);
}

static inline void spin_unlock(struct spin_lock *lock)
{
    __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
    preempt_enable();
}

#endif
