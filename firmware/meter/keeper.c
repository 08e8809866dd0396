#include "keeper.h"

#include "config.h"
#include "flags.h"

void keeper_start(keeper_t *keeper, const ring_record_t *found) {
    keeper->saved = *found;
    keeper->since_ms = 0;
}

void keeper_elapsed(keeper_t *keeper, uint8_t ms) {
    if (keeper->since_ms < SAVE_INTERVAL_MS) keeper->since_ms += ms;
}

bool keeper_is_due(const keeper_t *keeper, const ring_record_t *current) {
    const ring_record_t *saved = &keeper->saved;
    /* A flag is latched once in the meter's life, so it costs nothing to keep it at once. */
    if ((saved->flags & FLAGS_LATCHED) != (current->flags & FLAGS_LATCHED)) return true;
    /* As long as the newest slot says "last save before power loss", a cut without warning would
     * pass unnoticed. */
    if ((saved->flags & RECORD_FINAL) && keeper->since_ms >= SAVE_REOPEN_MS) return true;
    uint64_t unsaved = current->pulses - saved->pulses;
    bool opened = current->cover_openings != saved->cover_openings;
    if ((unsaved >= SAVE_PULSES || opened) && keeper->since_ms >= SAVE_SPACING_MS) return true;
    return unsaved > 0 && keeper->since_ms >= SAVE_INTERVAL_MS;
}

bool keeper_needs_final(const keeper_t *keeper, const ring_record_t *current) {
    return !(keeper->saved.flags & RECORD_FINAL) || keeper->saved.pulses != current->pulses ||
           keeper->saved.cover_openings != current->cover_openings;
}

void keeper_saved(keeper_t *keeper, const ring_record_t *record) {
    keeper->saved = *record;
    keeper->since_ms = 0;
}
