#include <string.h>

#include "check.h"
#include "config.h"
#include "cover.h"
#include "flags.h"
#include "keeper.h"
#include "survivor.h"

static keeper_t keeper;

static void pass(uint32_t ms) {
    for (; ms >= TICK_MS; ms -= TICK_MS) keeper_elapsed(&keeper, TICK_MS);
}

static void start(uint8_t flags) {
    ring_record_t found = {1000, 0, flags};
    keeper_start(&keeper, &found);
}

static void by_pulses(void) {
    ring_record_t current = {1000 + SAVE_PULSES, 0, 0};
    start(0);
    pass(SAVE_SPACING_MS - TICK_MS);
    CHECK(!keeper_is_due(&keeper, &current)); /* the spacing bounds the wear at any load */
    pass(TICK_MS);
    CHECK(keeper_is_due(&keeper, &current));
    current.pulses--;
    CHECK(!keeper_is_due(&keeper, &current));
}

static void by_time(void) {
    ring_record_t current = {1001, 0, 0};
    start(0);
    pass(SAVE_INTERVAL_MS - TICK_MS);
    CHECK(!keeper_is_due(&keeper, &current));
    pass(TICK_MS);
    CHECK(keeper_is_due(&keeper, &current));
    keeper_saved(&keeper, &current);
    pass(SAVE_INTERVAL_MS * 3);
    CHECK(!keeper_is_due(&keeper, &current)); /* nothing new, nothing written */
}

static void by_flag(void) {
    ring_record_t current = {1000, 1, FLAG_COVER_WAS_OPENED};
    start(0);
    CHECK(keeper_is_due(&keeper, &current));
    keeper_saved(&keeper, &current);
    current.cover_openings++;
    CHECK(!keeper_is_due(&keeper, &current)); /* opening again and again must not wear the ring */
    pass(SAVE_SPACING_MS);
    CHECK(keeper_is_due(&keeper, &current));
}

static void reopens(void) {
    ring_record_t current = {1000, 0, 0};
    start(RECORD_FINAL);
    pass(SAVE_REOPEN_MS - TICK_MS);
    CHECK(!keeper_is_due(&keeper, &current));
    pass(TICK_MS);
    CHECK(keeper_is_due(&keeper, &current));
}

static void final_once(void) {
    ring_record_t current = {1000, 0, 0};
    start(0);
    CHECK(keeper_needs_final(&keeper, &current));
    current.flags |= RECORD_FINAL;
    keeper_saved(&keeper, &current);
    CHECK(!keeper_needs_final(&keeper, &current)); /* a chattering supply writes no second one */
    current.pulses++;
    CHECK(keeper_needs_final(&keeper, &current));
}

static void cover_settles(void) {
    cover_t cover = {0};
    int openings = 0;
    for (int i = 0; i < 100; i++) openings += cover_look(&cover, i % 4 == 0, TICK_MS);
    CHECK(openings == 0 && !cover.open);
    for (int i = 0; i < 100; i++) openings += cover_look(&cover, true, TICK_MS);
    CHECK(openings == 1 && cover.open);
    for (int i = 0; i < 100; i++) openings += cover_look(&cover, false, TICK_MS);
    for (int i = 0; i < 100; i++) openings += cover_look(&cover, true, TICK_MS);
    CHECK(openings == 2);
}

static void survives(void) {
    survivor_t survivor;
    ring_record_t record = {1234567890123ull & 0xFFFFFFFFFFull, 7, FLAG_COVER_WAS_OPENED}, taken;
    for (unsigned fill = 0; fill < 256; fill++) { /* what RAM may hold after power-on */
        memset(&survivor, (int)fill, sizeof survivor);
        CHECK(!survivor_take(&survivor, &taken));
    }
    survivor_note(&survivor, &record);
    survivor_note(&survivor, &record);
    CHECK(survivor_take(&survivor, &taken));
    CHECK(taken.pulses == record.pulses && taken.cover_openings == 7 && taken.flags == record.flags);
    survivor.record.pulses ^= 1u;
    CHECK(!survivor_take(&survivor, &taken));
}

void keeper_tests(void) {
    TEST("keeper_is_due() waits for the spacing when pulses come fast", by_pulses);
    TEST("keeper_is_due() saves a single pulse when the interval is over", by_time);
    TEST("keeper_is_due() saves at once when a flag is new", by_flag);
    TEST("keeper_is_due() replaces the last save when the power has stayed", reopens);
    TEST("keeper_needs_final() writes once when the supply chatters", final_once);
    TEST("survivor_take() gives back only what was noted", survives);
    TEST("cover_look() counts an opening when the switch has settled", cover_settles);
}
