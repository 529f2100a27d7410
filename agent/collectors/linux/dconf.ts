/** Policies of GNOME's settings (dconf(7)): key files with sections, and the list of what users may not change. */

/** Values by full key, "/org/gnome/desktop/session/idle-delay"; later ones win. */
export function parseDconf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = '';
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(.*)\]$/.exec(line);
    const setting = /^([^=\s]+)\s*=\s*(.*)$/.exec(line);
    if (header !== null) section = (header[1] ?? '').replace(/^\/+|\/+$/g, '');
    else if (setting !== null) values.set(`/${section}/${setting[1] ?? ''}`, setting[2] ?? '');
  }
  return values;
}

const idleDelay = '/org/gnome/desktop/session/idle-delay';
const lockEnabled = '/org/gnome/desktop/screensaver/lock-enabled';
const lockDelay = '/org/gnome/desktop/screensaver/lock-delay';

/**
 * Seconds without input until the screen is locked, 0 = never. Undefined when users may change it: a default is no policy.
 */
export function screenLock(values: ReadonlyMap<string, string>, locks: ReadonlySet<string>): number | undefined {
  if (!locks.has(idleDelay) || !locks.has(lockEnabled)) return undefined;
  const idle = seconds(values.get(idleDelay));
  if (idle === undefined || !values.has(lockEnabled)) return undefined;
  if (idle === 0 || values.get(lockEnabled) !== 'true') return 0;
  // A delay users may change may be any.
  const delay = seconds(values.get(lockDelay) ?? 'uint32 0');
  return locks.has(lockDelay) && delay !== undefined ? Math.min(86_400, idle + delay) : undefined;
}

/** "uint32 300" or "300". */
function seconds(value: string | undefined): number | undefined {
  const match = /^(?:uint32\s+)?(\d{1,9})$/.exec(value ?? '');
  return match === null ? undefined : Number(match[1]);
}
