/* CRC-32 as in IEEE 802.3 and zip (reflected 0x04C11DB7, check value of "123456789" CBF43926). */
#ifndef SAMAY_CRC32_H
#define SAMAY_CRC32_H

#include <stdint.h>

uint32_t crc32(const uint8_t *bytes, uint8_t length);

#endif
