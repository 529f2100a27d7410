/**
 * What the local administrator tells the agent about backups, under `backup` in `agent.json`: read-only hooks for
 * products that keep their answer behind a password, and sources for products the agent does not know.
 *
 * All of it comes from a file only administrators can write; the server cannot set any of it.
 */
import { z } from 'zod';
import { targetKinds } from '../contract/facts/backup.ts';
import { text } from '../contract/field.ts';

const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'expected lower-case letters, digits and hyphens')
  .max(60);
const absolutePath = z
  .string()
  .max(260)
  .regex(/^(\/|[A-Za-z]:\\)/, 'expected an absolute path');
/** Goes into a filter of the event log: no quotes, nothing that could end it. */
const logName = z
  .string()
  .max(200)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._()/-]*$/u, 'expected letters, digits, blanks and . _ ( ) / - only');
const target = z.strictObject({ kind: z.enum(targetKinds), name: text(200).optional() });

/** A program of the administrator's that prints what `restic snapshots --json` and the like print; it holds the password, not the agent. */
const hook = z.strictObject({
  id,
  name: text(120),
  product: z.enum(['restic', 'borg', 'borgmatic', 'kopia', 'proxmox-backup']),
  /** Owned by root, changeable by nobody else, as is every folder above it. Called without arguments. */
  run: absolutePath,
  target: target.optional(),
});
export type BackupHook = z.infer<typeof hook>;

const common = { id, name: text(120), target: target.optional(), encrypted: z.boolean().optional() };

/** A backup nobody taught the agent. */
const custom = z.discriminatedUnion('kind', [
  /** A JSON file that the backup job writes at its end; the format is in docs/operations. */
  z.strictObject({ ...common, kind: z.literal('status-file'), file: absolutePath }),
  /** A systemd unit whose whole purpose is the backup: its exit code is the result. */
  z.strictObject({
    ...common,
    kind: z.literal('systemd-unit'),
    unit: z.string().regex(/^[A-Za-z0-9:_.@\\-]{1,200}\.service$/, 'expected the name of a service unit'),
    /** Exit codes that mean "done with warnings", such as 3 of restic. */
    warningExitCodes: z.array(z.int().min(1).max(255)).max(16).default([]),
  }),
  /** Events of the Windows event log, by number. */
  z.strictObject({
    ...common,
    kind: z.literal('windows-event'),
    channel: logName,
    provider: logName,
    success: z.array(z.int().min(0).max(65_535)).min(1).max(16),
    warning: z.array(z.int().min(0).max(65_535)).max(16).default([]),
    failure: z.array(z.int().min(0).max(65_535)).max(32).default([]),
  }),
]);
export type CustomSource = z.infer<typeof custom>;

export const backupSources = z.strictObject({
  hooks: z.array(hook).max(16).default([]),
  custom: z.array(custom).max(16).default([]),
});
export type BackupSources = z.infer<typeof backupSources>;

export const noBackupSources: BackupSources = { hooks: [], custom: [] };
