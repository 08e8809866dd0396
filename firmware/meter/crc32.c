#include "crc32.h"

/* Bit by bit: a table would cost 1 KiB of flash, and the ring is read once a start. */
uint32_t crc32(const uint8_t *bytes, uint8_t length) {
    uint32_t crc = 0xFFFFFFFFu;
    for (uint8_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (uint8_t bit = 0; bit < 8; bit++)
            crc = (crc & 1u) ? (crc >> 1) ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}
