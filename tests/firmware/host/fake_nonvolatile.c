#include "fake_nonvolatile.h"

#include <assert.h>
#include <string.h>

#include "nonvolatile.h"

uint8_t fake_cells[EEPROM_BYTES];
unsigned fake_writes[EEPROM_BYTES];
static bool worn[EEPROM_BYTES];
static bool cut;
static int cut_after = -1;
static uint8_t cut_left;

void fake_erase(void) {
    memset(fake_cells, 0xFF, sizeof fake_cells);
    memset(fake_writes, 0, sizeof fake_writes);
    memset(worn, 0, sizeof worn);
    fake_power_on();
}

void fake_cut(int after, uint8_t left) {
    cut_after = after;
    cut_left = left;
}

void fake_power_on(void) {
    cut = false;
    cut_after = -1;
}

void fake_wear(uint16_t address) { worn[address] = true; }
bool fake_is_cut(void) { return cut; }

uint8_t nonvolatile_read(uint16_t address) {
    assert(address < EEPROM_BYTES);
    return fake_cells[address];
}

bool nonvolatile_ready(void) { return true; }

void nonvolatile_write(uint16_t address, uint8_t value) {
    assert(address < EEPROM_BYTES);
    if (cut) return;
    fake_writes[address]++;
    if (cut_after == 0) {
        cut = true;
        fake_cells[address] = cut_left;
        return;
    }
    if (cut_after > 0) cut_after--;
    if (!worn[address]) fake_cells[address] = value;
}
