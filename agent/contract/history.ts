/** An exported history: the reports of one device as it signed them. The format is explained in docs/decisions/0007-evidence-chain.md. */
import { z } from 'zod';
import { compactJws, instant, sha256, uuid } from './field.ts';
import { publicKey } from './wire.ts';

export const historyMediaType = 'application/vnd.kits.history';

/** What the server says it holds of a device: signed, so that nobody can leave out the end of a history unnoticed. */
export const historyStatement = z.object({
  deviceId: uuid,
  exportedAt: instant,
  epochs: z
    .array(
      z.object({
        storeEpoch: uuid,
        /** Highest sequence held, and SHA-256 over the compact JWS of its envelope. */
        sequence: z.int().min(1),
        envelopeHash: sha256,
      }),
    )
    .max(1000),
});
export type HistoryStatement = z.infer<typeof historyStatement>;

/** The first line of an export. */
export const historyHeader = z.object({
  format: z.literal('kits-history'),
  version: z.literal(1),
  deviceId: uuid,
  /** The device's key; its thumbprint is what to compare with a source of one's own. */
  key: publicKey,
  exportedAt: instant,
  /** `HistoryStatement` and the key it is signed with; absent when no server made the export. */
  serverKey: publicKey.optional(),
  statement: compactJws(262_144).optional(),
});
export type HistoryHeader = z.infer<typeof historyHeader>;
