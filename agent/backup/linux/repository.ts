/** Where a repository of restic, Borg or Kopia lies, from its address. */
import type { TargetKind } from '../../contract/facts/backup.ts';
import type { BackupContext, Target } from '../product.ts';
import { redactTarget } from '../redact.ts';
import type { BackupHook } from '../sources.ts';
import { targetKindOf } from './target.ts';

const clouds = /^(s3|b2|azure|gs|swift|onedrive|dropbox|wasabi|gcs):/i;

/** Borg's own words are left open ("host:path" is a server, "/path" and "file:///path" a folder of this PC). */
export async function repositoryTarget(
  { machine }: Pick<BackupContext, 'machine'>,
  address: string | undefined,
): Promise<Target[]> {
  if (address === undefined || address.trim() === '') return [];
  const name = redactTarget(address);
  const folder = /^(?:file:\/\/|local:)?(\/(?!\/).*)$/.exec(address.trim())?.[1];
  const kind: TargetKind = folder !== undefined ? await targetKindOf(machine, folder) : remoteKind(address.trim());
  return [{ kind, ...(name === undefined ? {} : { name }) }];
}

function remoteKind(address: string): TargetKind {
  if (clouds.test(address)) return 'cloud';
  // rclone and the like: where it ends is in a configuration with passwords.
  if (/^rclone:/i.test(address)) return 'unknown';
  return /^[^/\s]+:/.test(address) ? 'repository' : 'unknown';
}

/** What the administrator says about the target of a hook goes before what its answer says. */
export function hookTargets(hook: BackupHook, known: readonly Target[] = []): readonly Target[] {
  const { target } = hook;
  if (target === undefined) return known;
  const name = redactTarget(target.name);
  return [{ kind: target.kind, ...(name === undefined ? {} : { name }) }];
}
