/*
 * Stands in for electron.exe where Electron's binary cannot be had, so that everything around it can be built and tried: resources,
 * fuses, installers. It shows nothing. Packages made with it are marked and are not for publishing.
 */
#include <stdio.h>

/* What @electron/fuses looks for: sentinel, version 1, nine fuses in Electron's own default state. */
__attribute__((used)) static volatile const char fuses[] = "dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX" "\x01\x09" "101110011";

int main(void) {
  fprintf(stderr, "KITS-STAND-IN: this is not Electron (%c)\n", fuses[0]);
  return 1;
}
