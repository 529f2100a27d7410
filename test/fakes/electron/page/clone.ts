/** Structured clone over a text, for the way between page and Node: narrower than the real one, and loud where it is. */

/** Throws where a value cannot be cloned in Electron either, or cannot be written here. */
export function toText(value: unknown): string {
  return JSON.stringify({ root: structuredClone(value) }, function (key, simple: unknown) {
    // The replacer is handed what `toJSON` made of a value; the owner holds what it was.
    const raw = (this as Record<string, unknown>)[key];
    if (raw === undefined) return { $clone: 'undefined' };
    if (typeof raw === 'number' && !Number.isFinite(raw)) return { $clone: String(raw) };
    if (raw instanceof Date) return { $clone: 'date', at: raw.getTime() };
    const isPlain =
      typeof raw !== 'object' || raw === null || Array.isArray(raw) || Object.getPrototypeOf(raw) === Object.prototype;
    if (!isPlain || typeof raw === 'bigint') throw new TypeError('the stand-in cannot clone this');
    return simple;
  });
}

export function fromText(text: string): unknown {
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive);
    if (typeof value !== 'object' || value === null) return value;
    const { $clone, at } = value as { $clone?: unknown; at?: unknown };
    if ($clone === 'undefined') return undefined;
    if ($clone === 'date') return new Date(Number(at));
    if (typeof $clone === 'string') return Number($clone);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revive(one)]));
  };
  return revive((JSON.parse(text) as { root: unknown }).root);
}
