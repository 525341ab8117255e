/* The twin of crates/blocking/src/raw_mutex.rs: a word in three states that names the holder, and a wait queue of the
   kernel's. */

#include "twin.h"

enum { FREE = 0, HELD = 1, CONTENDED = 2 };

struct mutex {
    uint64_t word;
    const void *waiters;
};

static bool take_or_mark(void *argument)
{
    struct mutex *mutex = argument;
    uint64_t word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);
    for (;;) {
        uint64_t wanted;
        if (word == FREE)
            wanted = current_thread() | HELD | CONTENDED;
        else if (word & CONTENDED)
            return false;
        else
            wanted = word | CONTENDED;
        uint64_t before = word;
        if (__atomic_compare_exchange_n(&mutex->word, &word, wanted, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return before == FREE;
    }
}

static __attribute__((noinline, cold)) void lock_contended(struct mutex *mutex)
{
    twin_hook_wait_until(mutex->waiters, take_or_mark, mutex);
}

static inline void lock(struct mutex *mutex)
{
    uint64_t expected = FREE;
    if (UNLIKELY(!__atomic_compare_exchange_n(&mutex->word, &expected, current_thread() | HELD, false, __ATOMIC_ACQUIRE,
                                              __ATOMIC_RELAXED)))
        lock_contended(mutex);
}

static inline void unlock(struct mutex *mutex)
{
    if (UNLIKELY(__atomic_exchange_n(&mutex->word, FREE, __ATOMIC_RELEASE) & CONTENDED))
        twin_hook_wake_one(mutex->waiters);
}

/* A number under a mutex, as kernel/src/bench/reenix.rs has one. */
struct twin_sum {
    struct mutex mutex;
    uint64_t value;
    uint64_t began, ended;
};

/* Takes and gives back the mutex so often, with an addition each time. */
void twin_mutex_lock_unlock(struct twin_sum *sum, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++) {
        lock(&sum->mutex);
        sum->value += 1;
        unlock(&sum->mutex);
    }
}

/* What each of the threads does: adds ones until the sum is `target`, and lets others run in the midst of every
   `pause`th addition. */
void twin_add_up(struct twin_sum *sum, uint64_t target, uint64_t pause)
{
    for (;;) {
        lock(&sum->mutex);
        if (sum->value == target)
            break;
        if (sum->value == 0)
            sum->began = twin_hook_time_stamp();
        sum->value += 1;
        if (sum->value % pause == 0)
            twin_hook_yield();
        if (sum->value == target)
            sum->ended = twin_hook_time_stamp();
        unlock(&sum->mutex);
    }
    unlock(&sum->mutex);
}
