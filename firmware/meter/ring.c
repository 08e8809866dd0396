#include "ring.h"

#include "crc32.h"
#include "flags.h"
#include "nonvolatile.h"

#define CRC_AT (RING_SLOT_BYTES - 4)

static void put(uint8_t *at, uint64_t value, uint8_t length) {
    for (uint8_t i = 0; i < length; i++, value >>= 8) at[i] = (uint8_t)value;
}

static uint64_t take(const uint8_t *at, uint8_t length) {
    uint64_t value = 0;
    while (length-- > 0) value = (value << 8) | at[length];
    return value;
}

static uint16_t slot_address(uint32_t sequence) {
    return (uint16_t)(RING_START + (sequence % RING_SLOTS) * RING_SLOT_BYTES);
}

static void read_slot(uint16_t address, uint8_t image[RING_SLOT_BYTES]) {
    for (uint8_t i = 0; i < RING_SLOT_BYTES; i++) image[i] = nonvolatile_read(address + i);
}

static bool is_erased(const uint8_t image[RING_SLOT_BYTES]) {
    for (uint8_t i = 0; i < RING_SLOT_BYTES; i++)
        if (image[i] != 0xFF) return false;
    return true;
}

/* The sequence number of a whole slot that lies where it belongs, or 0. */
static uint32_t whole_sequence(const uint8_t image[RING_SLOT_BYTES], uint16_t address) {
    if (take(image + CRC_AT, 4) != crc32(image, CRC_AT)) return 0;
    uint32_t sequence = (uint32_t)take(image, 4);
    return slot_address(sequence) == address ? sequence : 0;
}

ring_found_t ring_open(ring_t *ring, ring_record_t *record, bool *torn) {
    uint8_t image[RING_SLOT_BYTES];
    *ring = (ring_t){0};
    *record = (ring_record_t){0};
    for (uint8_t slot = 0; slot < RING_SLOTS; slot++) {
        uint16_t address = (uint16_t)(RING_START + slot * RING_SLOT_BYTES);
        read_slot(address, image);
        uint32_t sequence = whole_sequence(image, address);
        if (sequence <= ring->sequence) continue;
        ring->sequence = sequence;
        record->pulses = take(image + 4, 5);
        record->cover_openings = (uint16_t)take(image + 9, 2);
        record->flags = image[11];
    }
    /* Cells known to be worn look like a torn write for ever, and that must not be reported again
     * at each start. */
    uint16_t next = slot_address(ring->sequence + 1);
    read_slot(next, image);
    *torn = !(record->flags & FLAG_EEPROM_FAULT) && !is_erased(image) && whole_sequence(image, next) == 0;
    return ring->sequence == 0 ? RING_EMPTY : RING_FOUND;
}

void ring_save(ring_t *ring, const ring_record_t *record) {
    if (!ring->writing) {
        ring->sequence++;
        ring->attempts = 0;
    }
    put(ring->image, ring->sequence, 4);
    put(ring->image + 4, record->pulses, 5);
    put(ring->image + 9, record->cover_openings, 2);
    ring->image[11] = record->flags;
    put(ring->image + CRC_AT, crc32(ring->image, CRC_AT), 4);
    ring->position = 0;
    ring->writing = true;
}

/* Goes on in the next slot, with the fault noted in the record itself. */
static void pass_over(ring_t *ring) {
    ring->fault = true;
    ring->position = 0;
    ring->sequence++;
    ring->image[11] |= FLAG_EEPROM_FAULT;
    put(ring->image, ring->sequence, 4);
    put(ring->image + CRC_AT, crc32(ring->image, CRC_AT), 4);
    if (++ring->attempts >= RING_ATTEMPTS) ring->writing = false;
}

void ring_step(ring_t *ring) {
    if (!ring->writing) return;
    uint16_t address = slot_address(ring->sequence);
    /* A cell that holds the value already is left alone: it costs neither time nor wear. */
    while (ring->position < RING_SLOT_BYTES) {
        uint8_t at = ring->position++;
        if (nonvolatile_read(address + at) == ring->image[at]) continue;
        nonvolatile_write(address + at, ring->image[at]);
        return;
    }
    uint8_t kept[RING_SLOT_BYTES];
    read_slot(address, kept);
    for (uint8_t i = 0; i < RING_SLOT_BYTES; i++)
        if (kept[i] != ring->image[i]) return pass_over(ring);
    ring->writing = false;
}
