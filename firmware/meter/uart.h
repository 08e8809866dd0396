/* The serial line: 7 data bits, even parity, 1 stop bit (IEC 62056-21, 5.1), both ways buffered. */
#ifndef SAMAY_UART_H
#define SAMAY_UART_H

#include <stdbool.h>
#include <stdint.h>

typedef enum { UART_EMPTY, UART_BYTE, UART_LINE_ERROR } uart_read_t;

void uart_start(uint16_t baud);
void uart_set_baud(uint16_t baud);
uart_read_t uart_read(uint8_t *byte);

/** Sends from `bytes`, which must stay untouched until uart_is_sent(). */
void uart_send(const uint8_t *bytes, uint8_t length);

/** The last stop bit has left. */
bool uart_is_sent(void);

#endif
