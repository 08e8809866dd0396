#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <util/atomic.h>

#define RECEIVE_BYTES 64 /* a power of two */

static volatile uint16_t received[RECEIVE_BYTES];
static volatile uint8_t receive_head, receive_tail;
static const uint8_t *volatile sending;
static volatile uint8_t send_left;
static volatile bool line_busy;

#define ERROR_BIT 0x100u

ISR(USART_RX_vect) {
    /* The error bits belong to the byte that UDR0 gives next, so they are read first. */
    uint16_t error = (UCSR0A & (_BV(FE0) | _BV(UPE0) | _BV(DOR0))) ? ERROR_BIT : 0;
    uint16_t value = UDR0 | error;
    uint8_t next = (receive_head + 1) & (RECEIVE_BYTES - 1);
    if (next == receive_tail) return; /* full: the request is too long to be one of ours */
    received[receive_head] = value;
    receive_head = next;
}

ISR(USART_UDRE_vect) {
    UDR0 = *sending;
    UCSR0A = _BV(TXC0); /* cleared by writing one; set again when this byte has left */
    sending++;
    if (--send_left == 0) UCSR0B &= (uint8_t)~_BV(UDRIE0);
}

void uart_set_baud(uint16_t baud) {
    uint16_t divisor = (uint16_t)((F_CPU / 16 + baud / 2) / baud - 1);
    UBRR0H = (uint8_t)(divisor >> 8);
    UBRR0L = (uint8_t)divisor;
}

void uart_start(uint16_t baud) {
    UCSR0C = _BV(UPM01) | _BV(UCSZ01); /* even parity, 7 bits, 1 stop bit */
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
    uart_set_baud(baud);
}

uart_read_t uart_read(uint8_t *byte) {
    if (receive_tail == receive_head) return UART_EMPTY;
    uint16_t value = received[receive_tail];
    receive_tail = (receive_tail + 1) & (RECEIVE_BYTES - 1);
    *byte = (uint8_t)value & 0x7F;
    return (value & ERROR_BIT) ? UART_LINE_ERROR : UART_BYTE;
}

void uart_send(const uint8_t *bytes, uint8_t length) {
    if (length == 0) return;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) {
        sending = bytes;
        send_left = length;
        line_busy = true;
        UCSR0B |= _BV(UDRIE0);
    }
}

bool uart_is_sent(void) {
    if (line_busy && send_left == 0 && (UCSR0A & _BV(TXC0))) line_busy = false;
    return !line_busy;
}
