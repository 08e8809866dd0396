#include "store.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool store_open(store_t *store, const char *path) {
    store->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (store->file < 0) return false;
    struct stat about;
    if (fstat(store->file, &about) != 0) return false;
    if (about.st_size == 0) {
        memset(store->kept, 0xFF, EEPROM_BYTES);
        return pwrite(store->file, store->kept, EEPROM_BYTES, 0) == EEPROM_BYTES;
    }
    return about.st_size == EEPROM_BYTES &&
           pread(store->file, store->kept, EEPROM_BYTES, 0) == EEPROM_BYTES;
}

bool store_keep(store_t *store, const uint8_t *eeprom) {
    if (memcmp(store->kept, eeprom, EEPROM_BYTES) == 0) return true;
    for (int i = 0; i < EEPROM_BYTES; i++) {
        if (store->kept[i] == eeprom[i]) continue;
        store->kept[i] = eeprom[i];
        if (pwrite(store->file, eeprom + i, 1, i) != 1) return false;
    }
    return true;
}
