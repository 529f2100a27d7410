/** JSON Schema (2020-12) of everything that crosses a border, generated from the zod schemas; the server publishes it. */
import { z } from 'zod';
import { factSchemas } from './facts/index.ts';
import { keySet, trustFile } from './keys.ts';
import { notice, policy } from './policy.ts';
import { problem, reportBody, reportEnvelope, section, verdict } from './report.ts';
import { mailboxRequest, status } from './status.ts';
import {
  checkInRequest,
  checkInResponse,
  enrolmentAnswer,
  enrolmentRequest,
  problemDocument,
  proofClaims,
  receipt,
  reportResponse,
  signedAnswer,
} from './wire.ts';

export const contractSchemas = {
  report: reportBody,
  envelope: reportEnvelope,
  section,
  problem,
  verdict,
  policy,
  notice,
  'key-set': keySet,
  trust: trustFile,
  status,
  'mailbox-request': mailboxRequest,
  'enrolment-request': enrolmentRequest,
  'enrolment-answer': enrolmentAnswer,
  'check-in-request': checkInRequest,
  'check-in-response': checkInResponse,
  answer: signedAnswer,
  receipt,
  proof: proofClaims,
  'report-response': reportResponse,
  'problem-document': problemDocument,
  ...Object.fromEntries(Object.entries(factSchemas).map(([id, schema]) => [`facts-${id}`, schema])),
} satisfies Record<string, z.ZodType>;

/** One JSON Schema per name; `io: "input"` so that defaults are optional, as a sender sees it. */
export function contractJsonSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(contractSchemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input' })]),
  );
}
