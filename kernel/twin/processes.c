/*
 * The twin of crates/process and kernel/src/process/registry.rs, as far as ending and waiting go: records in chunks of
 * 64 by number, lists of children through the records, one spin lock, a wait queue for each process.
 */

#include "twin.h"

enum { CHUNK = 64, CHUNKS = 64, INIT = 1 };
enum state { ALIVE, ENDING, ZOMBIE };
enum result { REAPED, NO_CHILD, INTERRUPTED, NOT_YET };

/* What is kept with a process, counted: the kernel's part, with name and wait queue, is behind it. */
struct twin_data {
    uint64_t references;
    const void *children;
    uint64_t changes;
    uint64_t run_counts;
    void (*on_child_end)(void);
};

/* The kernel frees it, with what it holds. */
void twin_hook_drop_data(struct twin_data *data);

struct ends {
    uint32_t first, last;
};

struct links {
    uint32_t before, after;
};

/* Numbers begin at 1: 0 is nobody. */
struct process {
    struct twin_data *data;
    size_t thread_count;
    uint32_t parent;
    enum state state;
    uint8_t status;
    struct links siblings;
    struct ends living, zombies;
};

struct member {
    uint32_t process;
};

struct process_chunk {
    uint64_t used;
    struct process *entries;
};

struct member_chunk {
    uint64_t used;
    struct member *entries;
};

struct twin_table {
    struct spin_lock lock;
    struct process_chunk processes[CHUNKS];
    struct member_chunk threads[CHUNKS];
    uint64_t full[CHUNKS / 64];
    uint32_t next;
};

void spin_contend(struct spin_lock *lock)
{
    do {
        while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED))
            __builtin_ia32_pause();
    } while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE));
}

static inline struct process *get(struct twin_table *table, uint32_t number)
{
    if (number / CHUNK >= CHUNKS)
        return NULL;
    struct process_chunk *chunk = &table->processes[number / CHUNK];
    if (chunk->entries == NULL || !(chunk->used >> (number % CHUNK) & 1))
        return NULL;
    return &chunk->entries[number % CHUNK];
}

static inline struct member *get_member(struct twin_table *table, uint32_t thread)
{
    if (thread / CHUNK >= CHUNKS)
        return NULL;
    struct member_chunk *chunk = &table->threads[thread / CHUNK];
    if (chunk->entries == NULL || !(chunk->used >> (thread % CHUNK) & 1))
        return NULL;
    return &chunk->entries[thread % CHUNK];
}

static inline struct ends *list_of(struct process *parent, const struct process *child)
{
    return child->state == ZOMBIE ? &parent->zombies : &parent->living;
}

static void adopt(struct twin_table *table, uint32_t parent_number, uint32_t number)
{
    struct process *child = get(table, number);
    struct process *parent = get(table, parent_number);
    if (child == NULL || parent == NULL)
        return;
    child->parent = parent_number;
    struct ends *ends = list_of(parent, child);
    child->siblings = (struct links){ends->last, 0};
    struct process *last = get(table, ends->last);
    if (last != NULL)
        last->siblings.after = number;
    else
        ends->first = number;
    ends->last = number;
}

static void leave_parent(struct twin_table *table, struct process *child)
{
    struct process *parent = get(table, child->parent);
    if (parent == NULL)
        return;
    struct ends *ends = list_of(parent, child);
    struct process *before = get(table, child->siblings.before);
    struct process *after = get(table, child->siblings.after);
    if (before != NULL)
        before->siblings.after = child->siblings.after;
    else
        ends->first = child->siblings.after;
    if (after != NULL)
        after->siblings.before = child->siblings.before;
    else
        ends->last = child->siblings.before;
}

static void forget(struct twin_table *table, uint32_t number)
{
    uint32_t at = number / CHUNK;
    struct process_chunk *chunk = &table->processes[at];
    chunk->used &= ~(1ULL << (number % CHUNK));
    table->full[at / 64] &= ~(1ULL << (at % 64));
    if (at != table->next / CHUNK && chunk->used == 0) {
        twin_hook_free(chunk->entries, CHUNK * sizeof(struct process));
        chunk->entries = NULL;
    }
}

static void forget_member(struct twin_table *table, uint32_t thread)
{
    struct member_chunk *chunk = &table->threads[thread / CHUNK];
    chunk->used &= ~(1ULL << (thread % CHUNK));
    if (thread / CHUNK != 0 && chunk->used == 0) {
        twin_hook_free(chunk->entries, CHUNK * sizeof(struct member));
        chunk->entries = NULL;
    }
}

static inline void drop(struct twin_data *data)
{
    if (__atomic_sub_fetch(&data->references, 1, __ATOMIC_RELEASE) == 0) {
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        twin_hook_drop_data(data);
    }
}

/* Enters a process with one thread; returns its number, or 0 without memory. Not measured. */
uint32_t twin_spawn(struct twin_table *table, uint32_t parent, uint32_t thread, struct twin_data *data)
{
    uint32_t number = 0;
    spin_lock(&table->lock);
    if (table->next == 0)
        table->next = INIT;
    for (uint32_t tries = 0; tries < CHUNK * CHUNKS && number == 0; tries++) {
        uint32_t candidate = table->next;
        table->next = candidate + 1 < CHUNK * CHUNKS ? candidate + 1 : INIT;
        if (get(table, candidate) == NULL)
            number = candidate;
    }
    struct process_chunk *chunk = &table->processes[number / CHUNK];
    struct member_chunk *threads = &table->threads[thread / CHUNK];
    if (chunk->entries == NULL)
        chunk->entries = twin_hook_allocate(CHUNK * sizeof(struct process));
    if (threads->entries == NULL)
        threads->entries = twin_hook_allocate(CHUNK * sizeof(struct member));
    if (number != 0 && chunk->entries != NULL && threads->entries != NULL) {
        chunk->entries[number % CHUNK] = (struct process){.data = data, .thread_count = 1};
        chunk->used |= 1ULL << (number % CHUNK);
        threads->entries[thread % CHUNK] = (struct member){number};
        threads->used |= 1ULL << (thread % CHUNK);
        if (parent != 0)
            adopt(table, parent, number);
    } else {
        number = 0;
    }
    spin_unlock(&table->lock);
    return number;
}

static inline void look_again(struct twin_data *data)
{
    __atomic_fetch_add(&data->changes, 1, __ATOMIC_RELEASE);
    twin_hook_wake_all(data->children);
    if (data->on_child_end != NULL)
        data->on_child_end();
}

/* The twin of Lives::exit_thread, for a process without children. */
bool twin_exit_thread(struct twin_table *table, uint32_t thread, uint8_t status, uint64_t run_counts)
{
    struct twin_data *waiting = NULL;
    bool exited = false;
    spin_lock(&table->lock);
    struct member *member = get_member(table, thread);
    if (member != NULL) {
        uint32_t number = member->process;
        struct process *process = get(table, number);
        if (process != NULL && !(process->thread_count == 1 && number == INIT)) {
            exited = true;
            __atomic_fetch_add(&process->data->run_counts, run_counts, __ATOMIC_RELAXED);
            forget_member(table, thread);
            process->thread_count -= 1;
            if (process->thread_count == 0) {
                leave_parent(table, process);
                process->status = process->state == ENDING ? process->status : status;
                process->state = ZOMBIE;
                adopt(table, process->parent, number);
                struct process *parent = get(table, process->parent);
                if (parent != NULL) {
                    waiting = parent->data;
                    __atomic_fetch_add(&waiting->references, 1, __ATOMIC_RELAXED);
                }
            }
        }
    }
    spin_unlock(&table->lock);
    if (waiting != NULL) {
        look_again(waiting);
        drop(waiting);
    }
    return exited;
}

static enum result try_wait(struct twin_table *table, uint32_t thread, uint32_t wanted, uint32_t *child, uint8_t *status)
{
    struct twin_data *data = NULL;
    enum result result = NO_CHILD;
    spin_lock(&table->lock);
    struct member *member = get_member(table, thread);
    struct process *parent = member == NULL ? NULL : get(table, member->process);
    if (parent != NULL) {
        uint32_t number = wanted;
        if (wanted == 0)
            number = parent->zombies.first != 0 ? parent->zombies.first : parent->living.first;
        struct process *found = number == member->process ? NULL : get(table, number);
        if (found != NULL && found->parent == member->process) {
            if (found->state == ZOMBIE) {
                *child = number;
                *status = found->status;
                leave_parent(table, found);
                data = found->data;
                forget(table, number);
                result = REAPED;
            } else {
                result = parent->state == ENDING ? INTERRUPTED : NOT_YET;
            }
        }
    }
    spin_unlock(&table->lock);
    if (data != NULL)
        drop(data);
    return result;
}

struct changed {
    struct twin_data *data;
    uint64_t before;
};

static bool has_changed(void *argument)
{
    struct changed *changed = argument;
    return __atomic_load_n(&changed->data->changes, __ATOMIC_ACQUIRE) != changed->before;
}

/* The twin of Lives::wait; `wanted` is 0 for any child. Returns the child's number, or 0. */
uint32_t twin_wait(struct twin_table *table, uint32_t thread, struct twin_data *own, uint32_t wanted, uint8_t *status)
{
    for (;;) {
        struct changed changed = {own, __atomic_load_n(&own->changes, __ATOMIC_ACQUIRE)};
        uint32_t child = 0;
        enum result result = try_wait(table, thread, wanted, &child, status);
        if (result != NOT_YET)
            return child;
        if (!twin_hook_wait_until_interruptible(own->children, has_changed, &changed))
            return 0;
    }
}

size_t twin_table_size(void)
{
    return sizeof(struct twin_table);
}

size_t twin_data_size(void)
{
    return sizeof(struct twin_data);
}
