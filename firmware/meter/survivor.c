#include "survivor.h"

#include "crc32.h"

static uint32_t check_of(const ring_record_t *record) {
    uint8_t bytes[11];
    for (uint8_t i = 0; i < 8; i++) bytes[i] = (uint8_t)(record->pulses >> (8 * i));
    bytes[8] = (uint8_t)record->cover_openings;
    bytes[9] = (uint8_t)(record->cover_openings >> 8);
    bytes[10] = record->flags;
    return crc32(bytes, sizeof bytes);
}

void survivor_note(survivor_t *survivor, const ring_record_t *record) {
    const ring_record_t *noted = &survivor->record;
    if (noted->pulses == record->pulses && noted->cover_openings == record->cover_openings &&
        noted->flags == record->flags)
        return;
    survivor->record = *record;
    survivor->check = check_of(record);
}

bool survivor_take(const survivor_t *survivor, ring_record_t *record) {
    if (survivor->check != check_of(&survivor->record)) return false;
    *record = survivor->record;
    return true;
}
