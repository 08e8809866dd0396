/*
 * The meter: waits for an interrupt, lets time pass in each part, and does what the protocol asks.
 */
#include <stdint.h>
#include <util/atomic.h>

#include "board.h"
#include "config.h"
#include "counter.h"
#include "cover.h"
#include "flags.h"
#include "keeper.h"
#include "nonvolatile.h"
#include "protocol.h"
#include "readout.h"
#include "ring.h"
#include "settings.h"
#include "survivor.h"
#include "uart.h"

static settings_t settings;
static counter_t counter;
static cover_t cover;
static ring_t ring;
static keeper_t keeper;
static protocol_t protocol;
static uint8_t latched_flags, momentary_flags;
static uint16_t cover_openings;
static bool supply_was_low;
static survivor_t survivor __attribute__((section(".noinit")));
static uint8_t block[READOUT_BYTES_MAX];

static ring_record_t current_record(void) {
    ring_record_t record = {.cover_openings = cover_openings, .flags = latched_flags};
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) record.pulses = counter.pulses;
    return record;
}

static void start_save(ring_record_t record) {
    ring_save(&ring, &record);
    keeper_saved(&keeper, &record);
}

/* A build with FIXED_BAUD speaks at that speed from the first byte, for readers that cannot
 * switch; the exchange itself is the same. */
static void set_baud(char baud_character) {
#ifndef FIXED_BAUD
    uart_set_baud(protocol_baud(baud_character));
#else
    (void)baud_character;
#endif
}

/* Why the newest slot is not an orderly last save, if it is not. */
static uint8_t restart_flags(ring_found_t found, const ring_record_t *saved, bool torn) {
    uint8_t flags = torn ? FLAG_TORN_WRITE : 0;
    if (board_was_hung()) return flags | FLAG_WATCHDOG_RESET;
    if (found == RING_FOUND && !(saved->flags & RECORD_FINAL)) flags |= FLAG_UNWARNED_POWER_CUT;
    return flags;
}

static void restore(void) {
    ring_record_t saved, survived;
    bool torn;
    if (!settings_load(&settings)) momentary_flags |= FLAG_DEFAULT_SETTINGS;
    ring_found_t found = ring_open(&ring, &saved, &torn);
    keeper_start(&keeper, &saved);
    latched_flags = restart_flags(found, &saved, torn);
    /* RAM is ahead of the EEPROM, never behind it: older values there are chance or stale. */
    if (board_was_hung() && survivor_take(&survivor, &survived) && survived.pulses >= saved.pulses)
        saved = survived;
    latched_flags |= saved.flags & FLAGS_LATCHED;
    cover_openings = saved.cover_openings;
    counter_start(&counter, saved.pulses, board_is_pulse_active(), board_edge_ticks());
}

static void act(protocol_action_t action) {
    static const uint8_t identification[] = "/" IDENTIFICATION "\r\n";
    if (action == PROTOCOL_SEND_IDENTIFICATION) {
        uart_send(identification, sizeof identification - 1);
    } else if (action == PROTOCOL_SEND_DATA) {
        ring_record_t record = current_record();
        readout_values_t values = {&settings, record.pulses, record.cover_openings,
                                   latched_flags | momentary_flags};
        set_baud(protocol.baud_character);
        uart_send(block, readout_block(block, &values));
    } else if (action == PROTOCOL_RESTART) {
        set_baud('0');
    }
}

static void serve_line(uint8_t elapsed_ms) {
    uint8_t byte;
    for (;;) {
        uart_read_t read = uart_read(&byte);
        if (read == UART_EMPTY) break;
        if (read == UART_LINE_ERROR) protocol_line_error(&protocol);
        else act(protocol_byte(&protocol, byte));
    }
    act(protocol_elapsed(&protocol, elapsed_ms));
    if (uart_is_sent()) act(protocol_sent(&protocol));
}

static void watch_cover(uint8_t elapsed_ms) {
    if (cover_look(&cover, board_is_cover_open(), elapsed_ms)) {
        latched_flags |= FLAG_COVER_WAS_OPENED;
        if (cover_openings < UINT16_MAX) cover_openings++;
    }
    if (cover.open) momentary_flags |= FLAG_COVER_OPEN;
    else momentary_flags &= (uint8_t)~FLAG_COVER_OPEN;
}

/* The supply fails: nothing else matters until the count is kept. At most RING_ATTEMPTS slots of
 * 3.4 ms a byte, well within the watchdog's two seconds. */
static void save_final(ring_record_t record) {
    record.flags |= RECORD_FINAL;
    start_save(record);
    while (ring.writing)
        if (nonvolatile_ready()) ring_step(&ring);
}

static void watch_supply(void) {
    bool low = board_is_supply_low();
    ring_record_t record = current_record();
    if (low && !supply_was_low && keeper_needs_final(&keeper, &record)) save_final(record);
    supply_was_low = low;
    if (low) momentary_flags |= FLAG_SUPPLY_LOW;
    else momentary_flags &= (uint8_t)~FLAG_SUPPLY_LOW;
}

static void keep_count(uint8_t elapsed_ms) {
    keeper_elapsed(&keeper, elapsed_ms);
    if (ring.fault) latched_flags |= FLAG_EEPROM_FAULT;
    ring_record_t record = current_record();
    survivor_note(&survivor, &record);
    if (!ring.writing && keeper_is_due(&keeper, &record)) start_save(record);
    if (nonvolatile_ready()) ring_step(&ring);
}

int main(void) {
    board_start();
    restore();
    protocol_start(&protocol, settings.device_address);
#ifdef FIXED_BAUD
    uart_start(FIXED_BAUD);
#else
    uart_start(protocol_baud('0'));
#endif
    board_count(&counter);
    for (;;) {
        uint8_t elapsed_ms = (uint8_t)(board_wait() * TICK_MS);
        if (elapsed_ms > 0) {
            /* Only the tick proves that the clock runs, so only the tick feeds the watchdog. */
            board_alive();
            ATOMIC_BLOCK(ATOMIC_RESTORESTATE) counter_poll(&counter, TCNT1);
            watch_supply();
            watch_cover(elapsed_ms);
            keep_count(elapsed_ms);
        }
        serve_line(elapsed_ms);
    }
}
