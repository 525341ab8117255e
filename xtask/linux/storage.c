// The steps of kernel/src/bench/storage.rs on Debian's kernel, step by step with the same names, files and sizes, so that
// `make bench` can put one figure beside the other. It is the whole user space of its machine: /init of an initramfs that
// holds nothing else but the kernel's modules, which it loads in the order of their names.
//
// Static, for there is no library to load: gcc -O2 -static -o init storage.c

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

enum {
    PIECE = 64 << 10,
    PAGE = 4096,
    RANDOM_READS = 500,
    FILES = 10000,
    FILES_IN_DIRECTORY = 1000,
    PASSES = 20,
    CACHED_SIZE = 1 << 20,
};
static const uint64_t LARGE_SIZE = 64 << 20, LONG_SIZE = 256 << 20, ENDS = 16 << 20;
static const uint64_t RAW_SIZE = 64 << 20, TAIL_SIZE = 65 << 20;

static char *buffer;
static char disk[32];

static void stop(const char *what) {
    printf("storage.c: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    reboot(RB_POWER_OFF);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void print(const char *name, uint64_t value, const char *unit) {
    printf("bench: %s %llu %s\n", name, (unsigned long long)value, unit);
}

static void print_rate(const char *name, uint64_t bytes, uint64_t start) {
    print(name, bytes * 1000000 / (now_ns() - start), "kB/s");
}

static int must_open(const char *path, int flags) {
    int file = open(path, flags, 0644);
    if (file < 0) stop(path);
    return file;
}

// crates/workload/src/random.rs
static uint64_t state;
static void seed(uint64_t number) {
    uint64_t mixed = (number ^ 0x9e3779b97f4a7c15ull) * 0xbf58476d1ce4e5b9ull;
    state = (mixed ^ mixed >> 32) | 1;
}
static uint64_t below(uint64_t limit) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * 0x2545f4914f6cdd1dull >> 16) % limit;
}

static void reading(void) {
    const char *names[] = {"storage_read_cold", "storage_read_warm"};
    for (int pass = 0; pass < 2; pass++) {
        uint64_t start = now_ns();
        int file = must_open("/disk/large.bin", O_RDONLY);
        for (uint64_t offset = 0; offset < LARGE_SIZE; offset += PIECE)
            if (pread(file, buffer, PIECE, offset) != PIECE) stop("reading");
        close(file);
        print_rate(names[pass], LARGE_SIZE, start);
    }
}

static void cached(void) {
    int file = must_open("/disk/large.bin", O_RDONLY);
    uint64_t start = 0;
    for (int pass = 0; pass <= PASSES; pass++) {
        if (pass == 1) start = __rdtsc();
        for (int offset = 0; offset < CACHED_SIZE; offset += PIECE) pread(file, buffer, PIECE, offset);
    }
    print("storage_reread_of_1_kib", (__rdtsc() - start) / (PASSES * (CACHED_SIZE >> 10)), "counts");
    close(file);
    char *source = malloc(CACHED_SIZE);
    memset(source, 0xa5, CACHED_SIZE);
    start = __rdtsc();
    for (int pass = 0; pass < PASSES; pass++)
        for (int offset = 0; offset < CACHED_SIZE; offset += PIECE) {
            memcpy(buffer, source + offset, PIECE);
            __asm__ volatile("" ::: "memory");
        }
    print("storage_copy_of_1_kib", (__rdtsc() - start) / (PASSES * (CACHED_SIZE >> 10)), "counts");
    free(source);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

// The names and kinds, sorted, as the kernel's own list is. (That also has sizes and times, which here would take a call
// for each name, and a search through the directory.)
static void listing(void) {
    const char *names[] = {"storage_list_5000_cold", "storage_list_5000_warm"};
    for (int pass = 0; pass < 2; pass++) {
        uint64_t start = now_ns();
        struct dirent **entries;
        int count = scandir("/disk/many/0", &entries, NULL, by_name);
        if (count != 5002) stop("listing");
        print(names[pass], (now_ns() - start) / 1000, "us");
        while (count > 0) free(entries[--count]);
        free(entries);
    }
}

static void random_reading(void) {
    const char *names[] = {"storage_random_at_start", "storage_random_at_end"};
    int file = must_open("/disk/long.bin", O_RDONLY);
    for (int end = 0; end < 2; end++) {
        uint64_t begin = end ? LONG_SIZE - ENDS : 0;
        seed(1);
        uint64_t start = now_ns();
        for (int i = 0; i < RANDOM_READS; i++)
            if (pread(file, buffer, PAGE, begin + below(ENDS / PAGE) * PAGE) != PAGE) stop("random reading");
        print(names[end], (now_ns() - start) / RANDOM_READS, "ns");
    }
    close(file);
}

static void writing(void) {
    uint64_t start = now_ns();
    int file = must_open("/disk/written.bin", O_RDWR | O_CREAT | O_EXCL);
    for (uint64_t offset = 0; offset < LARGE_SIZE; offset += PIECE)
        if (pwrite(file, buffer, PIECE, offset) != PIECE) stop("writing");
    fsync(file);
    close(file);
    sync();
    print_rate("storage_write", LARGE_SIZE, start);
}

// O_DIRECT: the driver, and no cache.
static void raw(void) {
    int device = must_open(disk, O_RDWR | O_DIRECT);
    uint64_t first = lseek(device, 0, SEEK_END) - TAIL_SIZE;
    uint64_t start = now_ns();
    for (uint64_t offset = 0; offset < RAW_SIZE; offset += PIECE)
        if (pread(device, buffer, PIECE, first + offset) != PIECE) stop("reading the disk itself");
    print_rate("storage_raw_read", RAW_SIZE, start);
    start = now_ns();
    for (uint64_t offset = 0; offset < RAW_SIZE; offset += PIECE)
        if (pwrite(device, buffer, PIECE, first + offset) != PIECE) stop("writing the disk itself");
    fsync(device);
    print_rate("storage_raw_write", RAW_SIZE, start);
    close(device);
}

static void small_files(void) {
    char path[64];
    uint64_t start = now_ns();
    for (int number = 0; number < FILES; number++) {
        if (number % FILES_IN_DIRECTORY == 0) {
            snprintf(path, sizeof path, "/disk/made%d", number / FILES_IN_DIRECTORY);
            mkdir(path, 0755);
        }
        snprintf(path, sizeof path, "/disk/made%d/file%d.txt", number / FILES_IN_DIRECTORY, number);
        int file = must_open(path, O_RDWR | O_CREAT | O_EXCL);
        write(file, buffer, 100);
        close(file);
    }
    sync();
    print("storage_create_10000", (now_ns() - start) / 1000000, "ms");
}

static void load_modules(void) {
    struct dirent **entries;
    int count = scandir("/modules", &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] == '.') continue;
        char path[300];
        snprintf(path, sizeof path, "/modules/%s", entries[i]->d_name);
        int file = must_open(path, O_RDONLY);
        if (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST)
            printf("storage.c: %s: %s\n", path, strerror(errno));
        close(file);
    }
}

// The first disk that comes up: its driver may take a moment.
static void find_disk(void) {
    const char *candidates[] = {"/dev/vda", "/dev/sda", "/dev/nvme0n1"};
    for (int attempt = 0; attempt < 500; attempt++) {
        for (int i = 0; i < 3; i++)
            if (access(candidates[i], F_OK) == 0) {
                strcpy(disk, candidates[i]);
                return;
            }
        usleep(20000);
    }
    stop("no disk came up");
}

int main(int count, char **words) {
    buffer = aligned_alloc(PAGE, PIECE);
    memset(buffer, 0x5a, PIECE);
    mkdir("/dev", 0755);
    mkdir("/disk", 0755);
    mount("dev", "/dev", "devtmpfs", 0, "");
    load_modules();
    find_disk();
    if (mount(disk, "/disk", "vfat", 0, "") != 0) stop("mount");
    // The kernel hands on what stands behind "--" on its command line.
    if (count > 1 && strcmp(words[1], "cached") == 0) {
        cached();
    } else {
        reading();
        listing();
        random_reading();
        writing();
        raw();
        small_files();
    }
    printf("bench: done\n");
    fflush(stdout);
    umount("/disk");
    reboot(RB_POWER_OFF);
}
