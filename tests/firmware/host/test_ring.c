#include <string.h>

#include "check.h"
#include "crc32.h"
#include "fake_nonvolatile.h"
#include "flags.h"
#include "ring.h"

static ring_t ring;
static ring_record_t found;
static bool torn;

static ring_found_t reopen(void) {
    fake_power_on();
    return ring_open(&ring, &found, &torn);
}

static void save(uint64_t pulses, uint16_t openings, uint8_t flags) {
    ring_record_t record = {pulses, openings, flags};
    ring_save(&ring, &record);
    for (int i = 0; ring.writing && i < 1000; i++) ring_step(&ring);
    CHECK(!ring.writing);
}

static void crc_vector(void) {
    CHECK(crc32((const uint8_t *)"123456789", 9) == 0xCBF43926u);
}

static void empty_ring(void) {
    fake_erase();
    CHECK(reopen() == RING_EMPTY);
    CHECK(found.pulses == 0 && found.flags == 0 && !torn);
    memset(fake_cells, 0, sizeof fake_cells);
    CHECK(reopen() == RING_EMPTY);
}

static void last_write_wins(void) {
    fake_erase();
    reopen();
    for (uint64_t i = 1; i <= 3 * RING_SLOTS + 5; i++) {
        save(i * 1000003u, (uint16_t)i, FLAG_COVER_WAS_OPENED);
        CHECK(reopen() == RING_FOUND);
        CHECK(found.pulses == i * 1000003u && found.cover_openings == i);
        CHECK(found.flags == FLAG_COVER_WAS_OPENED && !torn);
    }
}

static void whole_range(void) {
    fake_erase();
    reopen();
    save((1ull << 40) - 1, 0xFFFF, 0xF7);
    reopen();
    CHECK(found.pulses == (1ull << 40) - 1 && found.cover_openings == 0xFFFF && found.flags == 0xF7);
}

static void even_wear(void) {
    fake_erase();
    reopen();
    for (int i = 1; i <= RING_SLOTS * 100; i++) save((uint64_t)i * 7919u, 0, 0);
    unsigned most = 0;
    for (int i = 0; i < EEPROM_BYTES; i++) most = fake_writes[i] > most ? fake_writes[i] : most;
    CHECK(most <= 100);
    for (int i = 0; i < RING_START; i++) CHECK(fake_writes[i] == 0);
    /* The flags were the same all the time: the cell was written once and then left alone. */
    for (int i = 0; i < RING_SLOTS; i++) CHECK(fake_writes[RING_START + i * RING_SLOT_BYTES + 11] == 1);
}

/* Power goes in each byte of a save in turn, with what a half-programmed cell may hold. */
static void torn_anywhere(int saves_before) {
    const uint8_t leftovers[] = {0xFF, 0x00, 0xA5};
    for (unsigned left = 0; left < sizeof leftovers; left++) {
        for (int byte = 0; byte < RING_SLOT_BYTES; byte++) {
            fake_erase();
            reopen();
            for (int i = 1; i <= saves_before; i++) save(1000u + (uint64_t)i * 77777u, 3, 0);
            uint64_t before = 1000u + (uint64_t)saves_before * 77777u;
            fake_cut(byte, leftovers[left]);
            ring_record_t next = {before + 99999u, 4, FLAG_COVER_WAS_OPENED};
            ring_save(&ring, &next);
            for (int i = 0; i < 200; i++) ring_step(&ring);
            bool cut = fake_is_cut(); /* fewer bytes than 16 may have differed */
            CHECK(reopen() == RING_FOUND);
            bool whole = found.pulses == next.pulses && found.cover_openings == 4;
            CHECK(whole || (found.pulses == before && found.cover_openings == 3));
            CHECK(cut || whole);
            if (!whole && !(byte == 0 && leftovers[left] == 0xFF && saves_before < RING_SLOTS))
                CHECK(torn);
            save(before + 123456u, 5, 0); /* and life goes on over the torn slot */
            CHECK(reopen() == RING_FOUND && found.pulses == before + 123456u && !torn);
        }
    }
}

static void torn_in_fresh_slot(void) { torn_anywhere(5); }
static void torn_in_old_slot(void) { torn_anywhere(RING_SLOTS + 5); }
static void torn_at_the_seam(void) { torn_anywhere(RING_SLOTS - 1); }

static void torn_first_save(void) {
    fake_erase();
    reopen();
    fake_cut(6, 0x00);
    ring_record_t record = {5, 0, 0};
    ring_save(&ring, &record);
    for (int i = 0; i < 100; i++) ring_step(&ring);
    CHECK(reopen() == RING_EMPTY && torn && found.pulses == 0);
}

static void any_bit_flip(void) {
    for (int bit = 0; bit < RING_SLOT_BYTES * 8; bit++) {
        fake_erase();
        reopen();
        save(111, 0, 0);
        save(222, 0, 0);
        fake_cells[RING_START + 2 * RING_SLOT_BYTES + bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK(reopen() == RING_FOUND && found.pulses == 111);
    }
}

static void misplaced_slot(void) {
    fake_erase();
    reopen();
    for (int i = 1; i <= 7; i++) save((uint64_t)i, 0, 0);
    uint8_t *slots = fake_cells + RING_START;
    memcpy(slots + 20 * RING_SLOT_BYTES, slots + 7 * RING_SLOT_BYTES, RING_SLOT_BYTES);
    memset(slots + 7 * RING_SLOT_BYTES, 0xFF, RING_SLOT_BYTES);
    CHECK(reopen() == RING_FOUND && found.pulses == 6);
}

static void worn_slot(void) {
    fake_erase();
    reopen();
    save(1, 0, 0);
    fake_wear(RING_START + 2 * RING_SLOT_BYTES + 4);
    save(2, 0, 0);
    CHECK(ring.fault && ring.sequence == 3);
    CHECK(reopen() == RING_FOUND && found.pulses == 2 && (found.flags & FLAG_EEPROM_FAULT));
    for (uint64_t i = 3; i < 3 + 2 * RING_SLOTS; i++) {
        save(i * 1000u, 0, FLAG_EEPROM_FAULT);
        CHECK(reopen() == RING_FOUND && found.pulses == i * 1000u && !torn);
    }
}

static void worn_everywhere(void) {
    fake_erase();
    reopen();
    save(7, 0, 0);
    for (uint16_t i = RING_START; i < EEPROM_BYTES; i++) fake_wear(i);
    save(8, 0, 0);
    CHECK(ring.fault);
    CHECK(reopen() == RING_FOUND && found.pulses == 7);
}

static void restarted_save(void) {
    fake_erase();
    reopen();
    save(10, 0, 0);
    ring_record_t periodic = {20, 0, 0};
    ring_save(&ring, &periodic);
    for (int i = 0; i < 9; i++) ring_step(&ring);
    save(21, 0, RECORD_FINAL);
    CHECK(ring.sequence == 2);
    CHECK(reopen() == RING_FOUND && found.pulses == 21 && found.flags == RECORD_FINAL && !torn);
}

void ring_tests(void) {
    TEST("crc32() gives the published check value", crc_vector);
    TEST("ring_open() finds nothing when the memory is erased or zero", empty_ring);
    TEST("ring_open() finds the last record when the ring has wrapped", last_write_wins);
    TEST("ring_open() gives back every bit when the values are at their limits", whole_range);
    TEST("ring_save() wears all slots alike when saves go on", even_wear);
    TEST("ring_open() finds the record before when a fresh slot is torn", torn_in_fresh_slot);
    TEST("ring_open() finds the record before when an old slot is torn", torn_in_old_slot);
    TEST("ring_open() finds the record before when the slot at the seam is torn", torn_at_the_seam);
    TEST("ring_open() reports it when the very first save is torn", torn_first_save);
    TEST("ring_open() refuses a slot when any bit of it has flipped", any_bit_flip);
    TEST("ring_open() refuses a slot when it lies in the wrong place", misplaced_slot);
    TEST("ring_step() passes over a slot when its cells are worn", worn_slot);
    TEST("ring_step() gives up in bounded time when every slot is worn", worn_everywhere);
    TEST("ring_save() replaces the values when a save is under way", restarted_save);
}
