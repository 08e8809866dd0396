/*
 * The count in a piece of RAM that a watchdog reset does not clear, so that such a reset costs no
 * more than the pulses of the seconds in which the firmware hung.
 */
#ifndef SAMAY_SURVIVOR_H
#define SAMAY_SURVIVOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"

typedef struct {
    ring_record_t record;
    uint32_t check; /* CRC-32: after power-on the RAM holds chance values */
} survivor_t;

/** Keeps these values until the next call. Cheap when nothing has changed. */
void survivor_note(survivor_t *survivor, const ring_record_t *record);

/** True: the values are whole, and were copied to `record`. */
bool survivor_take(const survivor_t *survivor, ring_record_t *record);

#endif
