/*
 * What a meter builder may change: defaults, pins, thresholds and the EEPROM layout.
 *
 * The values in "defaults" serve only a chip whose EEPROM holds no valid settings block; the
 * readout then carries the flag FLAG_DEFAULT_SETTINGS. docs/firmware.md explains every number.
 */
#ifndef SAMAY_CONFIG_H
#define SAMAY_CONFIG_H

/* Defaults of the settings block. */
#define DEFAULT_IMPULSES_PER_KWH 3200
#define DEFAULT_CONSUMER_NUMBER "0"
#define DEFAULT_SERIAL_NUMBER "0"
#define DEFAULT_DEVICE_ADDRESS "0"

/* The identification after "/" and before CR LF: three letters of the maker, "5" for 9600 baud,
 * then at most sixteen characters (IEC 62056-21, 6.3.2). */
#define IDENTIFICATION "SAM5SAMAY-SEM-1"
#define FIRMWARE_VERSION "SEM-1.0"

/* The clock that times the edges of a pulse: 16 MHz / 1024 = 15,625 ticks a second (64 us). */
#define EDGE_TICKS_PER_SECOND 15625UL
/* IEC 62053-31 asks for pulses and pauses of at least 30 ms. 29.5 ms leaves a ceramic resonator
 * 1.6 % of error, so that a pulse at the limit is never lost. */
#define PULSE_MIN_US 29500UL
#define PULSE_MIN_TICKS ((uint16_t)(PULSE_MIN_US * EDGE_TICKS_PER_SECOND / 1000000UL))

/* The main loop wakes at this period; a byte of EEPROM takes 3.4 ms to program. */
#define TICK_MS 4
#define COVER_SETTLE_MS 40

/* When the count goes to EEPROM without a warning of power loss (see docs/firmware.md, endurance). */
#define SAVE_PULSES 64
#define SAVE_SPACING_MS 120000UL
#define SAVE_INTERVAL_MS 900000UL
#define SAVE_REOPEN_MS 10000UL

/* EEPROM: two copies of the settings, then the ring of counts to the end of the memory. */
#define EEPROM_BYTES 1024
#define SETTINGS_BYTES 64
#define SETTINGS_COPY_A 0
#define SETTINGS_COPY_B 64
#define RING_START 128
#define RING_SLOT_BYTES 16
#define RING_SLOTS ((EEPROM_BYTES - RING_START) / RING_SLOT_BYTES)
/* A slot whose cells do not keep what was written is passed over, at most this often a save. */
#define RING_ATTEMPTS 4

/* Times of IEC 62056-21, 6.5 (reaction time 200 ms because the third maker letter is a capital). */
#define REACTION_MS 200
#define ACKNOWLEDGE_TIMEOUT_MS 2200
#define CHARACTER_TIMEOUT_MS 1500

#endif
