/**
 * Whether somebody else may be looking at the screen, as far as Electron can tell. It has no word for a presentation, a
 * full screen or "do not disturb" on Windows or Linux, so that this stays unknown; there the system itself holds toasts
 * back (docs/decisions/0015-notices-on-the-screen.md).
 */
import type { PowerMonitor } from 'electron';
import type { Known, Presence } from './toast-plan.ts';

type Power = Pick<PowerMonitor, 'getSystemIdleState'> & {
  on(event: 'lock-screen' | 'unlock-screen', listener: () => void): unknown;
};

/** `changed` when the screen was locked or unlocked. */
export function watchPresence(power: Power, changed: () => void): () => Presence {
  /** The events come on Windows alone; where one came, it is believed until the next. */
  let said: Known = 'unknown';
  const heard = (locked: Known) => (): void => {
    said = locked;
    changed();
  };
  power.on('lock-screen', heard('yes'));
  power.on('unlock-screen', heard('no'));
  return () => ({ locked: said === 'unknown' ? lockedNow(power) : said, presenting: 'unknown' });
}

function lockedNow(power: Power): Known {
  switch (power.getSystemIdleState(1)) {
    case 'locked':
      return 'yes';
    case 'active':
    case 'idle':
      return 'no';
    default:
      return 'unknown';
  }
}
