#include "check.h"
#include "config.h"
#include "counter.h"

/* 64 us a tick; rounded to the nearest tick. */
static uint32_t ticks(double ms) { return (uint32_t)(ms * 15.625 + 0.5); }

static uint16_t now;
static counter_t counter;

static void start(void) {
    now = 65000; /* near the wrap, so that every test crosses it */
    counter_start(&counter, 0, false, now);
}

/* Changes the line and lets time pass, polled each 4 ms as the main loop does. */
static void hold(bool active, double ms) {
    uint32_t left = ticks(ms);
    counter_edge(&counter, active, now);
    for (; left > ticks(TICK_MS); left -= ticks(TICK_MS)) {
        now = (uint16_t)(now + ticks(TICK_MS));
        counter_poll(&counter, now);
    }
    now = (uint16_t)(now + left);
}

static void counts_thirty(void) {
    start();
    hold(true, 30);
    hold(false, 30);
    hold(true, 30);
    hold(false, 30);
    CHECK(counter.pulses == 2);
}

static void counts_edges_alone(void) {
    start();
    counter_edge(&counter, true, 100);
    counter_edge(&counter, false, (uint16_t)(100 + PULSE_MIN_TICKS));
    CHECK(counter.pulses == 1);
    start();
    counter_edge(&counter, true, 100);
    counter_edge(&counter, false, (uint16_t)(100 + PULSE_MIN_TICKS - 1));
    counter_poll(&counter, 60000);
    CHECK(counter.pulses == 0);
}

static void ignores_glitches(void) {
    start();
    for (int i = 0; i < 100; i++) {
        hold(true, 29);
        hold(false, 50);
    }
    hold(true, 0.1);
    hold(false, 100);
    CHECK(counter.pulses == 0);
}

static void ignores_drop_outs(void) {
    start();
    hold(true, 40);
    hold(false, 5);
    hold(true, 40);
    hold(false, 100);
    CHECK(counter.pulses == 1);
    hold(true, 40);
    hold(false, 29); /* a pause that is too short does not separate two pulses */
    hold(true, 40);
    hold(false, 100);
    CHECK(counter.pulses == 2);
}

static void bouncing_contact(void) {
    start();
    for (int i = 0; i < 8; i++) {
        hold(true, 1);
        hold(false, 1);
    }
    hold(true, 35);
    for (int i = 0; i < 8; i++) {
        hold(false, 1);
        hold(true, 1);
    }
    hold(false, 35);
    CHECK(counter.pulses == 1);
}

static void missed_spike(void) {
    start();
    hold(true, 20);
    counter_edge(&counter, true, now); /* the line came back before it was read */
    now = (uint16_t)(now + ticks(20));
    counter_edge(&counter, false, now);
    CHECK(counter.pulses == 0);
}

static void long_levels(void) {
    start();
    hold(true, 9000); /* the ticks wrap every 4.19 s */
    CHECK(counter.pulses == 1);
    hold(false, 4194.304 * 2 + 10); /* a wrap that leaves a small difference */
    hold(true, 35);
    CHECK(counter.pulses == 2);
}

static void start_in_pulse(void) {
    counter_start(&counter, 41, true, 0);
    counter_poll(&counter, 1000);
    counter_edge(&counter, false, 1200);
    CHECK(counter.pulses == 41);
    counter_edge(&counter, true, 2200);
    counter_poll(&counter, 3000);
    CHECK(counter.pulses == 42);
}

void counter_tests(void) {
    TEST("counter_edge() counts a pulse when it lasts 30 ms", counts_thirty);
    TEST("counter_edge() decides by the edges alone when nobody polls", counts_edges_alone);
    TEST("counter_edge() counts nothing when the pulse is shorter", ignores_glitches);
    TEST("counter_edge() counts once when a long pulse drops out shortly", ignores_drop_outs);
    TEST("counter_edge() counts once when the contact bounces", bouncing_contact);
    TEST("counter_edge() starts anew when a spike was too short to be read", missed_spike);
    TEST("counter_poll() counts once when a level lasts longer than the clock", long_levels);
    TEST("counter_start() does not count again when a pulse is under way", start_in_pulse);
}
