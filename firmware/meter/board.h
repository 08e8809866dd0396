/*
 * Pins, timers and resets of the ATmega328P at 16 MHz (Arduino Uno and Nano).
 *
 *   D2 (PD2, INT0)  S0 pulse, active low       D4 (PD4)  cover switch, high = open
 *   D7 (PD7, AIN1)  supply before the regulator, divided; below 1.1 V = power is failing
 *   D0, D1          UART
 */
#ifndef SAMAY_BOARD_H
#define SAMAY_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "counter.h"

/** Sets up pins, timers and the comparator; interrupts stay off. */
void board_start(void);

/** Starts the watchdog and lets the interrupts count into `counter`. */
void board_count(counter_t *counter);

/** The last reset came from the watchdog. */
bool board_was_hung(void);

bool board_is_pulse_active(void);
bool board_is_cover_open(void);
bool board_is_supply_low(void);
uint16_t board_edge_ticks(void);

/** Sleeps until an interrupt. Returns how many ticks of TICK_MS have passed since the last call. */
uint8_t board_wait(void);

/** Tells the watchdog that the main loop is alive. */
void board_alive(void);

#endif
