/** An exported history: the reports of one device as it signed them. The format is explained in docs/decisions/0007-evidence-chain.md. */
import { z } from 'zod';
import { compactJws, instant, sha256, uuid } from './field.ts';
import { publicKey } from './wire.ts';

export const historyMediaType = 'application/vnd.kits.history';

/** A PC that is set back to an image each day begins an epoch each day. */
export const maxHistoryEpochs = 20_000;
/** Longest compact JWS of a statement, in characters; bounds the ranges of all epochs together. */
export const maxStatement = 8 * 1024 * 1024;

/** Of one epoch: incidents and acknowledgements, which are kept longer, stand between. */
export const maxRemovedRanges = 10_000;

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
        /** Bodies the server held and has removed because their retention period was over. */
        removed: z
          .object({
            /** Time of receipt of the newest of them. */
            until: instant,
            /** Sequences from and to, both included, rising. */
            ranges: z.array(z.tuple([z.int().min(1), z.int().min(1)])).max(maxRemovedRanges),
          })
          .optional(),
      }),
    )
    .max(maxHistoryEpochs),
});
export type HistoryStatement = z.infer<typeof historyStatement>;

/** The first line of an export. A field it does not know is refused: under another name, the statement would be gone unnoticed. */
export const historyHeader = z
  .strictObject({
    format: z.literal('kits-history'),
    version: z.literal(1),
    deviceId: uuid,
    /** The device's key; its thumbprint is what to compare with a source of one's own. */
    key: publicKey,
    exportedAt: instant,
    /** `HistoryStatement` and the key it is signed with; both absent when no server made the export. */
    serverKey: publicKey.optional(),
    statement: compactJws(maxStatement).optional(),
  })
  .refine(({ serverKey, statement }) => (serverKey === undefined) === (statement === undefined), {
    path: ['statement'],
    error: 'the statement of the server and its key belong together',
  });
export type HistoryHeader = z.infer<typeof historyHeader>;
