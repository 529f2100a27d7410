/** Addresses of the pages of controls and exceptions. Pure. A value of the address that is not known is left out. */
import type { ExceptionState, ExplainedVerdict } from '../api/contract.ts';
import { idOrNothing, oneOf, withoutDefaults } from './list-query.ts';

export type VerdictKind = ExplainedVerdict['verdict'];

/** In the order in which people look for them. */
export const verdictKinds = ['not-met', 'unknown', 'exempt', 'met'] as const satisfies readonly VerdictKind[];

export function controlsAddress(municipality = ''): string {
  return `/vorgaben${withoutDefaults([['gemeinde', municipality, '']])}`;
}

export interface ControlQuery {
  readonly control: string;
  readonly municipality: string;
  readonly verdict: VerdictKind | '';
}

export function parseControlQuery(search: string): ControlQuery {
  const given = new URLSearchParams(search);
  return {
    control: (given.get('id') ?? '').slice(0, 60),
    municipality: idOrNothing(given.get('gemeinde')),
    verdict: oneOf(verdictKinds, given.get('ergebnis')),
  };
}

export function controlAddress({ control, municipality = '', verdict = '' }: Partial<ControlQuery>): string {
  return `/vorgaben/geraete${withoutDefaults([
    ['id', control ?? '', ''],
    ['gemeinde', municipality, ''],
    ['ergebnis', verdict, ''],
  ])}`;
}

export const exceptionStates = ['active', 'expired', 'withdrawn'] as const satisfies readonly ExceptionState[];

/** What a new exception is about, and which of the recorded ones are listed; each part may be missing. */
export interface ExceptionQuery {
  readonly rule: string;
  readonly device: string;
  readonly municipality: string;
  readonly state: ExceptionState | '';
}

export function parseExceptionQuery(search: string): ExceptionQuery {
  const given = new URLSearchParams(search);
  const rule = given.get('regel') ?? '';
  return {
    rule: /^[a-z][a-z0-9-]{0,59}$/.test(rule) ? rule : '',
    device: idOrNothing(given.get('geraet')),
    municipality: idOrNothing(given.get('gemeinde')),
    state: oneOf(exceptionStates, given.get('status')),
  };
}

export function exceptionAddress(query: Partial<ExceptionQuery>): string {
  const { rule = '', device = '', municipality = '', state = '' } = query;
  return `/ausnahmen${withoutDefaults([
    ['regel', rule, ''],
    ['geraet', device, ''],
    ['gemeinde', municipality, ''],
    ['status', state, ''],
  ])}`;
}
