#include "board.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <util/atomic.h>

#include "config.h"

static counter_t *counting;
static volatile uint8_t ticks_passed;
static uint8_t reset_cause __attribute__((section(".noinit")));

/* After a watchdog reset the watchdog keeps running at its shortest time and would bite again
 * before main() starts, so it is stopped as the first thing (avr-libc manual, avr/wdt.h). */
void keep_reset_cause(void) __attribute__((naked, used, section(".init3")));
void keep_reset_cause(void) {
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

ISR(INT0_vect) { counter_edge(counting, board_is_pulse_active(), TCNT1); }

ISR(TIMER0_COMPA_vect) {
    if (ticks_passed < UINT8_MAX) ticks_passed++;
}

bool board_was_hung(void) { return reset_cause & _BV(WDRF); }
bool board_is_pulse_active(void) { return !(PIND & _BV(PD2)); }
bool board_is_cover_open(void) { return PIND & _BV(PD4); }
bool board_is_supply_low(void) { return ACSR & _BV(ACO); }

uint16_t board_edge_ticks(void) {
    uint16_t ticks;
    /* The two halves of TCNT1 share a buffer with the interrupt that reads it too. */
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) ticks = TCNT1;
    return ticks;
}

void board_start(void) {
    PORTD = _BV(PD2) | _BV(PD4) | _BV(PD0); /* pull-ups; a broken cover wire reads as open */
    DDRD = _BV(PD1);
    DIDR1 = _BV(AIN1D);
    ACSR = _BV(ACBG); /* 1.1 V against AIN1 */
    TCCR1B = _BV(CS12) | _BV(CS10); /* 16 MHz / 1024, free running: times the edges */
    TCCR0A = _BV(WGM01);
    OCR0A = (uint8_t)(F_CPU / 256 * TICK_MS / 1000 - 1);
    TIMSK0 = _BV(OCIE0A);
    TCCR0B = _BV(CS02); /* 16 MHz / 256, cleared at the tick */
    EICRA = _BV(ISC00); /* both edges */
    set_sleep_mode(SLEEP_MODE_IDLE);
}

void board_count(counter_t *counter) {
    counting = counter;
    EIFR = _BV(INTF0);
    EIMSK = _BV(INT0);
    wdt_enable(WDTO_2S);
    sei();
}

uint8_t board_wait(void) {
    sleep_mode();
    uint8_t passed;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        passed = ticks_passed;
        ticks_passed = 0;
    }
    return passed;
}

void board_alive(void) { wdt_reset(); }
