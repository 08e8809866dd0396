/*
 * Decides when the count goes to EEPROM: often enough that a cut without warning loses little,
 * seldom enough that the cells outlive the meter. The times are in config.h.
 */
#ifndef SAMAY_KEEPER_H
#define SAMAY_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

typedef struct {
    ring_record_t saved; /* what the newest slot holds */
    uint32_t since_ms;   /* since that save, or since the start */
} keeper_t;

void keeper_start(keeper_t *keeper, const ring_record_t *found);

void keeper_elapsed(keeper_t *keeper, uint8_t ms);

/** A save of `current` should start now. */
bool keeper_is_due(const keeper_t *keeper, const ring_record_t *current);

/** The supply fails: a last save is needed unless the newest slot says just this. */
bool keeper_needs_final(const keeper_t *keeper, const ring_record_t *current);

void keeper_saved(keeper_t *keeper, const ring_record_t *record);

#endif
