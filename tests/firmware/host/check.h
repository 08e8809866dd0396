/* A test is a function; CHECK says where it failed and goes on; TEST runs one and prints its name. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>

extern int failures;

#define CHECK(condition)                                                              \
    do {                                                                              \
        if (!(condition)) {                                                           \
            failures++;                                                               \
            printf("    %s:%d: %s\n", __FILE__, __LINE__, #condition);                \
        }                                                                             \
    } while (0)

#define TEST(name, function)                                                          \
    do {                                                                              \
        int before = failures;                                                        \
        function();                                                                   \
        printf("%s %s\n", failures == before ? "ok    " : "FAILED", name);            \
    } while (0)

void counter_tests(void);
void ring_tests(void);
void keeper_tests(void);
void settings_tests(void);
void readout_tests(void);
void protocol_tests(void);

#endif
