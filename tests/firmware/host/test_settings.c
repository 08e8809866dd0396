#include <string.h>

#include "check.h"
#include "crc32.h"
#include "fake_nonvolatile.h"
#include "settings.h"

static settings_t settings;

static void seal(uint16_t at) {
    uint32_t crc = crc32(fake_cells + at, SETTINGS_BYTES - 4);
    for (int i = 0; i < 4; i++) fake_cells[at + SETTINGS_BYTES - 4 + i] = (uint8_t)(crc >> (8 * i));
}

static void write_block(uint16_t at, const char *consumer) {
    memset(fake_cells + at, 0, SETTINGS_BYTES);
    memcpy(fake_cells + at, "SM\x01", 3);
    fake_cells[at + 4] = 0xE8; /* 1000 */
    fake_cells[at + 5] = 0x03;
    memcpy(fake_cells + at + 6, consumer, strlen(consumer));
    memcpy(fake_cells + at + 22, "SN1234567890ABCD", 16); /* the full length, no NUL */
    memcpy(fake_cells + at + 38, "0042", 4);
    seal(at);
}

static void loads(void) {
    fake_erase();
    write_block(SETTINGS_COPY_A, "170000000001");
    CHECK(settings_load(&settings));
    CHECK(settings.impulses_per_kwh == 1000);
    CHECK(strcmp(settings.consumer_number, "170000000001") == 0);
    CHECK(strcmp(settings.serial_number, "SN1234567890ABCD") == 0);
    CHECK(strcmp(settings.device_address, "0042") == 0);
}

static void second_copy(void) {
    for (int bit = 0; bit < SETTINGS_BYTES * 8; bit++) {
        fake_erase();
        write_block(SETTINGS_COPY_A, "111");
        write_block(SETTINGS_COPY_B, "222");
        fake_cells[SETTINGS_COPY_A + bit / 8] ^= (uint8_t)(1u << (bit % 8));
        CHECK(settings_load(&settings) && strcmp(settings.consumer_number, "222") == 0);
    }
}

static void defaults(void) {
    fake_erase();
    CHECK(!settings_load(&settings));
    CHECK(settings.impulses_per_kwh == DEFAULT_IMPULSES_PER_KWH);
    CHECK(strcmp(settings.consumer_number, DEFAULT_CONSUMER_NUMBER) == 0);
}

static void nonsense(void) {
    fake_erase();
    write_block(SETTINGS_COPY_A, "12)34"); /* would end the value in the data block */
    CHECK(!settings_load(&settings));
    write_block(SETTINGS_COPY_A, "1\r\n");
    CHECK(!settings_load(&settings));
    write_block(SETTINGS_COPY_A, "1");
    fake_cells[SETTINGS_COPY_A + 4] = fake_cells[SETTINGS_COPY_A + 5] = 0; /* division by zero */
    seal(SETTINGS_COPY_A);
    CHECK(!settings_load(&settings));
    write_block(SETTINGS_COPY_A, "1");
    fake_cells[SETTINGS_COPY_A + 2] = 2; /* a version to come */
    seal(SETTINGS_COPY_A);
    CHECK(!settings_load(&settings));
}

void settings_tests(void) {
    TEST("settings_load() reads every field when the block is whole", loads);
    TEST("settings_load() takes the second copy when a bit of the first has flipped", second_copy);
    TEST("settings_load() says so and takes the defaults when there is no block", defaults);
    TEST("settings_load() refuses a block when its values would break the readout", nonsense);
}
