/*
 * The count in EEPROM: a ring of RING_SLOTS slots, each with a sequence number and a CRC-32.
 *
 * Each save goes to the next slot, so wear is spread evenly and the newest good slot stays whole
 * while the next one is written. The slot's place is its sequence number modulo RING_SLOTS. The
 * CRC is written last; a slot that power loss left half written fails it and the one before serves.
 *
 * Slot: sequence u32, pulses u40, cover openings u16, flags u8, CRC-32 over these; little endian.
 */
#ifndef SAMAY_RING_H
#define SAMAY_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

typedef struct {
    uint64_t pulses; /* 40 bits */
    uint16_t cover_openings;
    uint8_t flags;
} ring_record_t;

typedef struct {
    uint32_t sequence; /* of the newest slot, or of the one being written; 0 when the ring is empty */
    uint8_t image[RING_SLOT_BYTES];
    uint8_t position;
    uint8_t attempts;
    bool writing;
    bool fault; /* a slot did not keep what was written */
} ring_t;

typedef enum { RING_EMPTY, RING_FOUND } ring_found_t;

/** Finds the newest whole record. `torn` says that an unfinished one lies after it. */
ring_found_t ring_open(ring_t *ring, ring_record_t *record, bool *torn);

/** Starts a save. One that is under way is given up: its slot is written again with these values. */
void ring_save(ring_t *ring, const ring_record_t *record);

/** Writes at most one byte of the save under way. Only when nonvolatile_ready(). */
void ring_step(ring_t *ring);

#endif
