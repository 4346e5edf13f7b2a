/* Measures libmacaroons: `peer FIXTURE` checks that it judges every token of the fixture rightly, and prints a line of
 * JSON for each with the CPU time of one verification. It reads V1 macaroons, and decodes the base64 itself.
 *
 * Built with -DCOUNT_ALLOCATIONS it prints how often a verification asks for memory instead; counting takes time. */
#define _POSIX_C_SOURCE 200809L
#include <macaroons.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

enum { SLOTS = 9, SLOT_NS = 2000000, LONGEST = 4096 };

struct server {
    unsigned char key[32];
    int64_t now;
};

#ifdef COUNT_ALLOCATIONS
/* In front of those of glibc, also for its callers in libraries. */
static uint64_t allocations;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *malloc(size_t size) { allocations++; return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { allocations++; return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { allocations++; return __libc_realloc(old, size); }
#endif

static void stop(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static int is_in_time(void *server, const unsigned char *caveat, size_t size) {
    static const char name[] = "api_valid_until=";
    char digits[24];
    size_t count = size - (sizeof name - 1);
    if (size < sizeof name || memcmp(caveat, name, sizeof name - 1) != 0 || count >= sizeof digits)
        return -1;
    memcpy(digits, caveat + sizeof name - 1, count);
    digits[count] = 0;
    char *rest;
    int64_t end = strtoll(digits, &rest, 10);
    return *rest == 0 && ((const struct server *)server)->now < end ? 0 : -1;
}

static bool has_paid(const struct macaroon *macaroon, const unsigned char preimage[32]) {
    const unsigned char *identifier;
    size_t size;
    unsigned char hash[32];
    macaroon_identifier(macaroon, &identifier, &size);
    crypto_hash_sha256(hash, preimage, 32);
    return size >= 34 && sodium_memcmp(identifier + 2, hash, 32) == 0;
}

static bool is_permitted(const struct macaroon *macaroon, struct server *server) {
    static const unsigned char services[] = "services=api:0", capabilities[] = "api_capabilities=read";
    enum macaroon_returncode error;
    struct macaroon_verifier *verifier = macaroon_verifier_create();
    bool is_permitted =
        macaroon_verifier_satisfy_exact(verifier, services, sizeof services - 1, &error) == 0
        && macaroon_verifier_satisfy_exact(verifier, capabilities, sizeof capabilities - 1, &error) == 0
        && macaroon_verifier_satisfy_general(verifier, is_in_time, server, &error) == 0
        && macaroon_verify(verifier, macaroon, server->key, sizeof server->key, NULL, 0, &error) == 0;
    macaroon_verifier_destroy(verifier);
    return is_permitted;
}

/* Takes the value of an Authorization field. Around the library stands the least that a server needs. */
static bool verify(const char *header, struct server *server) {
    static const char scheme[] = "L402 ";
    const char *start = header + sizeof scheme - 1;
    char text[LONGEST];
    unsigned char preimage[32];
    size_t size;
    if (strncmp(header, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *colon = strchr(start, ':');
    if (colon == NULL || colon - start >= LONGEST)
        return false;
    if (sodium_hex2bin(preimage, sizeof preimage, colon + 1, strlen(colon + 1), NULL, &size, NULL) != 0 || size != 32)
        return false;
    memcpy(text, start, (size_t)(colon - start));
    text[colon - start] = 0;
    enum macaroon_returncode error;
    struct macaroon *macaroon = macaroon_deserialize(text, &error);
    if (macaroon == NULL)
        return false;
    bool is_accepted = has_paid(macaroon, preimage) && is_permitted(macaroon, server);
    macaroon_destroy(macaroon);
    return is_accepted;
}

#ifdef COUNT_ALLOCATIONS
static void print_measured(const char *header, struct server *server) {
    uint64_t before = allocations;
    verify(header, server);
    printf("\"allocations\":%llu}\n", (unsigned long long)(allocations - before));
}
#else
static double cpu_ns(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        stop("no clock of CPU time");
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static double slot(const char *header, struct server *server, unsigned calls) {
    double start = cpu_ns();
    for (unsigned call = 0; call < calls; call++)
        verify(header, server);
    return cpu_ns() - start;
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median of nine slots of at least two milliseconds. */
static void print_measured(const char *header, struct server *server) {
    unsigned calls = 1;
    while (slot(header, server, calls) < SLOT_NS)
        calls *= 2;
    double slots[SLOTS];
    for (int i = 0; i < SLOTS; i++)
        slots[i] = slot(header, server, calls) / calls;
    qsort(slots, SLOTS, sizeof slots[0], by_size);
    printf("\"ns\":%.1f}\n", slots[SLOTS / 2]);
}
#endif

static cJSON *read_fixture(const char *path) {
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        stop("cannot open the fixture");
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    cJSON *fixture = cJSON_Parse(text);
    if (fixture == NULL)
        stop("the fixture is not JSON");
    return fixture;
}

static const char *string(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
    if (text == NULL)
        stop("the fixture lacks a text");
    return text;
}

int main(int count, char **arguments) {
    if (count != 2 || sodium_init() < 0)
        stop("usage: peer FIXTURE");
    cJSON *fixture = read_fixture(arguments[1]);
    struct server server = {.now = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(fixture, "now"))};
    const char *key = string(fixture, "root_key");
    size_t size;
    if (sodium_hex2bin(server.key, sizeof server.key, key, strlen(key), NULL, &size, NULL) != 0 || size != 32)
        stop("the root key is not 32 bytes in hex");
    const cJSON *token;
    cJSON_ArrayForEach(token, cJSON_GetObjectItem(fixture, "tokens")) {
        bool is_valid = cJSON_IsTrue(cJSON_GetObjectItem(token, "is_valid"));
        if (verify(string(token, "header_v1"), &server) != is_valid) {
            fprintf(stderr, "libmacaroons misjudges %s\n", string(token, "case"));
            return 1;
        }
    }
    cJSON_ArrayForEach(token, cJSON_GetObjectItem(fixture, "tokens")) {
        printf("{\"implementation\":\"libmacaroons\",\"language\":\"C\",\"version\":\"%s\",", VERSION);
        printf("\"verifies\":[\"preimage (by us)\",\"HMAC chain\",\"caveats\",\"V1 form only\"],");
        printf("\"case\":\"%s\",", string(token, "case"));
        printf("\"caveats\":%d,", (int)cJSON_GetNumberValue(cJSON_GetObjectItem(token, "caveats")));
        print_measured(string(token, "header_v1"), &server);
    }
    cJSON_Delete(fixture);
    return 0;
}
