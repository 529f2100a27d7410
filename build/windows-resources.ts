/** Icon and version of a Windows executable, and the removal of a signature that no longer holds. */
import * as pe from 'pe-library';
import * as resedit from 'resedit';
import { appIco } from './icons.ts';

const language = 0x0407;
const unicode = 1200;

export interface ExecutableIdentity {
  /** Three numbers. */
  readonly version: string;
  readonly description: string;
  readonly fileName: string;
}

/** The changed file. Throws when `executable` is none. */
export function withIdentity(executable: Uint8Array, { version, description, fileName }: ExecutableIdentity): Buffer {
  const file = pe.NtExecutable.from(executable, { ignoreCert: true });
  const resources = pe.NtExecutableResource.from(file);
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const resource = resedit.Resource;
  // What Node says of itself, in whatever language, goes.
  resources.entries = resources.entries.filter(
    ({ type }) => type !== versionType && type !== iconType && type !== iconGroupType,
  );
  const info = resource.VersionInfo.createEmpty();
  info.lang = language;
  info.setFileVersion(major, minor, patch, 0, language);
  info.setProductVersion(major, minor, patch, 0, language);
  info.setStringValues(
    { lang: language, codepage: unicode },
    {
      CompanyName: 'KITS',
      ProductName: 'KITS Agent',
      FileDescription: description,
      FileVersion: version,
      ProductVersion: version,
      InternalName: fileName.replace(/\.exe$/, ''),
      OriginalFilename: fileName,
      LegalCopyright: 'KITS',
    },
  );
  info.outputToResourceEntries(resources.entries);
  const icons = resedit.Data.IconFile.from(appIco()).icons.map(({ data }) => data);
  resource.IconGroupEntry.replaceIconsForResource(resources.entries, 1, language, icons);
  resources.outputResource(file);
  return Buffer.from(file.generate());
}

/** The file without its signature, which ends where the first byte changes. */
export function withoutSignature(executable: Uint8Array): Buffer {
  return Buffer.from(pe.NtExecutable.from(executable, { ignoreCert: true }).generate());
}

/** Numbers of Windows (RT_VERSION, RT_ICON, RT_GROUP_ICON). */
const versionType = 16;
const iconType = 3;
const iconGroupType = 14;
