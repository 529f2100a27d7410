/** What enrolment fixed: whom to report to, as whom, and whose answers to believe. */
import { z } from 'zod';
import { text, uuid } from '../contract/field.ts';
import { deviceStates, publicKey } from '../contract/wire.ts';

export const enrolment = z.object({
  serverUrl: z.url().max(500),
  deviceId: uuid,
  municipality: text(120),
  state: z.enum(deviceStates),
  serverKey: publicKey,
  serverKeyThumbprint: z.string().length(43),
  enrolledAt: z.iso.datetime(),
});
export type Enrolment = z.infer<typeof enrolment>;
