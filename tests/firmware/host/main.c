#include "check.h"

int failures;

int main(void) {
    counter_tests();
    ring_tests();
    keeper_tests();
    settings_tests();
    readout_tests();
    protocol_tests();
    if (failures > 0) printf("%d checks failed\n", failures);
    return failures > 0;
}
