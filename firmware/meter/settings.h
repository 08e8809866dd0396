/*
 * Who this meter is: the settings block in EEPROM, in two copies so that a failing cell in one
 * does not take the meter's identity away. The firmware only reads it; it is written with the
 * EEPROM image when the meter is made.
 *
 * Block of 64 bytes, little endian: "SM", version 1, 0, impulses per kWh u16, consumer number [16],
 * serial number [16], device address [16], zeros [6], CRC-32 over the 60 bytes before it. Texts are
 * ASCII padded with NUL.
 */
#ifndef SAMAY_SETTINGS_H
#define SAMAY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_TEXT_MAX 16

typedef struct {
    uint16_t impulses_per_kwh;
    char consumer_number[SETTINGS_TEXT_MAX + 1];
    char serial_number[SETTINGS_TEXT_MAX + 1];
    char device_address[SETTINGS_TEXT_MAX + 1];
} settings_t;

/** Loads copy A, else copy B. False: neither is valid, and the defaults of config.h are in force. */
bool settings_load(settings_t *settings);

#endif
