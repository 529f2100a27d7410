/** What enrolment fixed: whom to report to, as whom, and whose answers to believe. */
import { z } from 'zod';
import { compactJws, text, uuid } from '../contract/field.ts';
import { deviceStates, publicKey } from '../contract/wire.ts';

export const enrolment = z.object({
  serverUrl: z.url().max(500),
  deviceId: uuid,
  municipality: text(120),
  /** Absent where an older version enrolled; the next check-in brings it. */
  municipalityId: uuid.optional(),
  state: z.enum(deviceStates),
  serverKey: publicKey,
  serverKeyThumbprint: z.string().length(43),
  /** Pinned beside it; `recoveryKey` in `agent.json` wins. */
  recoveryKeyThumbprint: z.string().length(43).optional(),
  enrolledAt: z.iso.datetime(),
  /** The server's signed answer to the enrolment: shown again to a server that has forgotten this device. */
  statement: compactJws(8192).optional(),
});
export type Enrolment = z.infer<typeof enrolment>;
