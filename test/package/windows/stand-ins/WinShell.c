#include "plugin.h"
/* Only takes its words from the stack: no shortcut of wine carries an AppUserModelID. */
CALL(SetLnkAUMI) { BEGIN; popstringn(first, LONGEST); popstringn(second, LONGEST); }
CALL(UninstShortcut) { BEGIN; popstringn(first, LONGEST); }
CALL(UninstAppUserModelId) { BEGIN; popstringn(first, LONGEST); }
