/**
 * Signs Windows files where the settings say how; without settings nothing is signed. Read from the environment:
 *
 * - `KITS_SIGN_TOOL`: `osslsigncode`, `signtool`, or the absolute path of a program that is called with the file to be
 *   signed in place (for a signing service).
 * - `KITS_SIGN_CERTIFICATE`: PKCS#12 file for osslsigncode; for signtool the subject of a certificate in the store.
 * - `KITS_SIGN_PASSWORD_FILE`: file with the password of the PKCS#12 file. Passwords do not go onto command lines.
 * - `KITS_SIGN_TIMESTAMP`: URL of a time stamp server (RFC 3161); without it the signature ends with its certificate.
 */
import { renameSync, rmSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import process from 'node:process';
import { runTool } from './run-tool.ts';

/** Returns false when nothing is set. Throws when it is set and fails: an unsigned file must not pass for a signed one. */
export function signForWindows(file: string, description: string, env: NodeJS.ProcessEnv = process.env): boolean {
  const { KITS_SIGN_TOOL: tool, KITS_SIGN_CERTIFICATE: certificate } = env;
  const { KITS_SIGN_PASSWORD_FILE: passwordFile, KITS_SIGN_TIMESTAMP: timestamp } = env;
  if (tool === undefined || tool === '') return false;
  if (isAbsolute(tool)) {
    runTool(tool, [file]);
    return true;
  }
  if (certificate === undefined) throw new Error(`KITS_SIGN_TOOL is ${tool}, but KITS_SIGN_CERTIFICATE is not set.`);
  if (tool === 'signtool') {
    const stamp = timestamp === undefined ? [] : ['/tr', timestamp, '/td', 'sha256'];
    runTool('signtool', ['sign', '/fd', 'sha256', '/n', certificate, '/d', description, ...stamp, file]);
    return true;
  }
  if (tool !== 'osslsigncode') {
    throw new Error(`KITS_SIGN_TOOL is "${tool}"; expected osslsigncode, signtool or the absolute path of a program.`);
  }
  const signed = `${file}.signed`;
  rmSync(signed, { force: true });
  runTool('osslsigncode', [
    'sign',
    ...['-pkcs12', certificate],
    ...(passwordFile === undefined ? [] : ['-readpass', passwordFile]),
    ...['-h', 'sha256', '-n', description],
    ...(timestamp === undefined ? [] : ['-ts', timestamp]),
    ...['-in', file, '-out', signed],
  ]);
  renameSync(signed, file);
  return true;
}
