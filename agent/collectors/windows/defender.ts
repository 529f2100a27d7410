/** Virus protection: Defender's own word and the security centre's about every product. */
import { z } from 'zod';
import type { SecurityFacts } from '../../contract/facts/security.ts';
import type { CollectContext } from '../collector.ts';
import { atMost, byKey, clean } from '../text.ts';
import type { WindowsDocument } from './document.ts';
import { ageInDays, dayOf, flag, listOf, time, whole, words } from './values.ts';

type Product = NonNullable<SecurityFacts['antivirus']>[number];

export const defenderName = 'Microsoft Defender Antivirus';

const defenderSchema = z.object({
  present: flag,
  mode: words,
  service: flag,
  enabled: flag,
  realTime: flag,
  tamper: flag,
  outOfDate: flag,
  signatureAge: whole,
  signaturesAt: time,
  quickScanAt: time,
  fullScanAt: time,
  restart: flag,
});
type Defender = z.output<typeof defenderSchema>;

const product = z.object({ name: words.refine((name) => name !== undefined), productState: whole });
const centerSchema = z.object({ antivirus: listOf(product, 32), firewall: listOf(product, 32) });

export type CenterProduct = {
  readonly name: string;
  readonly state: Product['state'];
  readonly current?: boolean;
  readonly microsoft: boolean;
};

/** Products as the security centre lists them; undefined where it does not exist (servers) or could not be read. */
export function readSecurityCenter(
  document: WindowsDocument,
  { problem }: Pick<CollectContext, 'problem'>,
): { antivirus: CenterProduct[]; firewall: CenterProduct[]; complete: boolean } | undefined {
  const read = document.read('securityCenter', centerSchema);
  if (read.kind !== 'read') return undefined;
  const { antivirus, firewall } = read.data;
  const broken = antivirus.broken + firewall.broken;
  if (broken > 0) problem('invalid', `securityCenter: ${broken} products cannot be read`);
  return {
    antivirus: antivirus.items.flatMap(productOf),
    firewall: firewall.items.flatMap(productOf),
    complete: antivirus.broken === 0,
  };
}

/** Bits of productState: 0xF000 state, 0x00F0 signatures, 0x0F00 Microsoft's own. Not documented; seen on many PCs. */
export function stateOf(productState: number | undefined): Pick<CenterProduct, 'state' | 'current' | 'microsoft'> {
  if (productState === undefined || productState < 0 || productState > 0xff_ffff)
    return { state: 'unknown', microsoft: false };
  const states: Readonly<Record<number, Product['state']>> = { 0: 'off', 1: 'on', 2: 'snoozed', 3: 'expired' };
  const signatures = (productState & 0xf0) >> 4;
  return {
    state: states[(productState & 0xf000) >> 12] ?? 'unknown',
    ...(signatures === 0 ? { current: true } : signatures === 1 ? { current: false } : {}),
    microsoft: (productState & 0xf00) === 0x100,
  };
}

function productOf({ name, productState }: z.output<typeof product>): CenterProduct[] {
  const label = clean(name, 120);
  return label === undefined ? [] : [{ name: label, ...stateOf(productState) }];
}

/** Undefined when nothing about virus protection could be read; empty only when the security centre names no product. */
export function readAntivirus(
  document: WindowsDocument,
  center: ReturnType<typeof readSecurityCenter>,
  context: Pick<CollectContext, 'problem' | 'now'>,
): Product[] | undefined {
  const read = document.read('defender', defenderSchema);
  const defender = read.kind === 'read' && read.data.present === true ? read.data : undefined;
  const others = (center?.antivirus ?? []).filter(({ name, microsoft }) => !(microsoft || /defender/i.test(name)));
  const own = (center?.antivirus ?? []).filter((entry) => !others.includes(entry));
  const products: Product[] = others.map(({ name, state, current }) => ({
    name,
    state,
    ...(current === undefined ? {} : { signaturesCurrent: current }),
  }));
  if (defender !== undefined) products.push(defenderProduct(defender, context.now));
  else if (own.length > 0) products.push(fromCenter(own));
  if (products.length === 0 && (center === undefined || !center.complete)) return undefined;
  return atMost(
    byKey(distinct(products), ({ name }) => name),
    16,
    'antivirus products',
    context,
  );
}

/** An uninstalled product may stay in the list beside its successor of the same name: the better one is the living one. */
function distinct(products: readonly Product[]): Product[] {
  const byName = new Map<string, Product>();
  for (const entry of products) {
    const known = byName.get(entry.name);
    if (known === undefined || (known.state !== 'on' && entry.state === 'on')) byName.set(entry.name, entry);
  }
  return [...byName.values()];
}

function fromCenter(own: readonly CenterProduct[]): Product {
  const best = own.find(({ state }) => state === 'on') ?? own[0];
  return {
    name: defenderName,
    state: best?.state ?? 'unknown',
    ...(best?.current === undefined ? {} : { signaturesCurrent: best.current }),
  };
}

function defenderProduct(defender: Defender, now: Date): Product {
  const signaturesOf = dayOf(defender.signaturesAt, now);
  const scans = [defender.quickScanAt, defender.fullScanAt].filter((at) => dayOf(at, now) !== undefined);
  const scannedOn = scans.length === 0 ? undefined : dayOf(Math.max(...scans.map((at) => at ?? 0)), now);
  // "Never" is no age: signatures that were never updated are not current whatever else is said.
  const never = defender.signatureAge !== undefined && ageInDays(defender.signatureAge) === undefined;
  const current = never || defender.outOfDate === true ? false : defender.outOfDate === false ? true : undefined;
  return {
    name: defenderName,
    state: defenderState(defender),
    ...(defender.realTime === undefined ? {} : { realTime: defender.realTime }),
    ...(defender.tamper === undefined ? {} : { tamperProtection: defender.tamper }),
    ...(current === undefined ? {} : { signaturesCurrent: current }),
    ...(signaturesOf === undefined ? {} : { signaturesOf }),
    ...(scannedOn === undefined ? {} : { scannedOn }),
    ...(defender.restart === undefined ? {} : { restartRequired: defender.restart }),
  };
}

function defenderState({ mode, service, enabled }: Defender): Product['state'] {
  if (service === false || /^not running$/i.test(mode ?? '')) return 'off';
  // "Passive", "Passive Mode", "SxS Passive Mode", "EDR Block Mode": another product protects.
  if (/passive|edr block/i.test(mode ?? '')) return 'passive';
  if (enabled === false) return 'off';
  return enabled === true && /^normal$/i.test(mode ?? '') ? 'on' : 'unknown';
}

/** Defender waits for a restart to finish removing something; undefined when it does not say. */
export function readDefenderRestart(document: WindowsDocument): boolean | undefined {
  const read = document.read('defender', defenderSchema, { quiet: true });
  return read.kind === 'read' ? read.data.restart : undefined;
}
