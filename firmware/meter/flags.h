/*
 * The bits of the error register F.F, as docs/firmware.md lists them. The low byte is stored with
 * each count; bits marked (now) are worked out at the moment of a readout.
 */
#ifndef SAMAY_FLAGS_H
#define SAMAY_FLAGS_H

#define FLAG_EEPROM_FAULT 0x01u      /* a slot of the ring did not keep what was written */
#define FLAG_TORN_WRITE 0x02u        /* power went in the middle of a save; the slot before served */
#define FLAG_WATCHDOG_RESET 0x04u    /* the firmware hung once and was restarted */
#define FLAG_COVER_OPEN 0x08u        /* (now) */
#define FLAG_COVER_WAS_OPENED 0x10u  /* the cover was open at least once */
#define FLAG_DEFAULT_SETTINGS 0x20u  /* (now) no valid settings block: identity is not this meter's */
#define FLAG_UNWARNED_POWER_CUT 0x40u /* restarted without a last save: pulses may be missing */
#define FLAG_SUPPLY_LOW 0x80u        /* (now) the early warning of power loss is active */

/* Kept through power loss, cleared only by writing a new EEPROM image. */
#define FLAGS_LATCHED \
    (FLAG_EEPROM_FAULT | FLAG_TORN_WRITE | FLAG_WATCHDOG_RESET | FLAG_COVER_WAS_OPENED | \
     FLAG_UNWARNED_POWER_CUT)

/* In a stored record only: this save was the last one before the power went. It shares the bit of
 * a flag that is never stored. */
#define RECORD_FINAL FLAG_SUPPLY_LOW

#endif
