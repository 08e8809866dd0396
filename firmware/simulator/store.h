/*
 * The file that holds the EEPROM. Each changed byte is written at once, so that the file is right
 * even when the simulator itself is killed.
 */
#ifndef SIMULATOR_STORE_H
#define SIMULATOR_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

typedef struct {
    int file;
    uint8_t kept[EEPROM_BYTES];
} store_t;

/** Opens the file, or makes an erased one. False: it cannot be had, or is not 1024 bytes long. */
bool store_open(store_t *store, const char *path);

/** Writes what differs. False: the file cannot be written. */
bool store_keep(store_t *store, const uint8_t *eeprom);

#endif
