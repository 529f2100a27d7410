/* Stands in for Windows' takeown in wine, which has none: everything belongs to whoever runs it there. */
int main(void) { return 0; }
