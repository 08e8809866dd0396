#include "settings.h"

#include <string.h>

#include "config.h"
#include "crc32.h"
#include "nonvolatile.h"

#define TEXTS_AT 6
#define CRC_AT (SETTINGS_BYTES - 4)

/* Characters that structure a data block (IEC 62056-21, 6.3.4) must not occur inside a value. */
static bool is_value_character(char c) {
    return c >= ' ' && c <= '~' && strchr("()/!*", c) == NULL;
}

static bool take_text(char *text, const uint8_t *from) {
    memcpy(text, from, SETTINGS_TEXT_MAX);
    text[SETTINGS_TEXT_MAX] = '\0';
    for (const char *c = text; *c != '\0'; c++)
        if (!is_value_character(*c)) return false;
    return true;
}

static bool load_copy(settings_t *settings, uint16_t address) {
    uint8_t block[SETTINGS_BYTES];
    for (uint8_t i = 0; i < SETTINGS_BYTES; i++) block[i] = nonvolatile_read(address + i);
    uint32_t crc = 0;
    for (uint8_t i = 0; i < 4; i++) crc |= (uint32_t)block[CRC_AT + i] << (8 * i);
    if (crc != crc32(block, CRC_AT)) return false;
    if (block[0] != 'S' || block[1] != 'M' || block[2] != 1) return false;
    settings->impulses_per_kwh = (uint16_t)(block[4] | (block[5] << 8));
    return settings->impulses_per_kwh != 0 &&
           take_text(settings->consumer_number, block + TEXTS_AT) &&
           take_text(settings->serial_number, block + TEXTS_AT + SETTINGS_TEXT_MAX) &&
           take_text(settings->device_address, block + TEXTS_AT + 2 * SETTINGS_TEXT_MAX);
}

bool settings_load(settings_t *settings) {
    if (load_copy(settings, SETTINGS_COPY_A) || load_copy(settings, SETTINGS_COPY_B)) return true;
    *settings = (settings_t){
        .impulses_per_kwh = DEFAULT_IMPULSES_PER_KWH,
        .consumer_number = DEFAULT_CONSUMER_NUMBER,
        .serial_number = DEFAULT_SERIAL_NUMBER,
        .device_address = DEFAULT_DEVICE_ADDRESS,
    };
    return false;
}
