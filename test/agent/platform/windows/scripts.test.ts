/** The PowerShell scripts, held against a grammar and against what they must never do. They cannot be run here. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Language as LanguageType, Node, Parser as ParserType } from '@vscode/tree-sitter-wasm';
import { beforeAll, describe, expect, test } from 'vitest';

const require = createRequire(import.meta.url);
const folder = new URL('../../../../agent/platform/windows/', import.meta.url);
const scripts = ['collect.ps1', 'search-updates.ps1'] as const;
const source = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

let parser: ParserType;
let language: LanguageType;
beforeAll(async () => {
  const { Parser, Language } = require('@vscode/tree-sitter-wasm') as typeof import('@vscode/tree-sitter-wasm');
  await Parser.init();
  language = await Language.load(require.resolve('@vscode/tree-sitter-wasm/wasm/tree-sitter-powershell.wasm'));
  parser = new Parser();
  parser.setLanguage(language);
});

function nodes(text: string, type: string): Node[] {
  const tree = parser.parse(text);
  if (tree === null) throw new Error('the parser gave no tree');
  return tree.rootNode.descendantsOfType(type).filter((node) => node !== null);
}
const commandsOf = (text: string): string[] => nodes(text, 'command_name').map((node) => node.text);
const isBroken = (text: string): boolean => parser.parse(text)?.rootNode.hasError !== false;

/** Cmdlets that read, shape or write to standard output; anything else has to be argued for here. */
const allowedCommands: ReadonlySet<string> = new Set([
  'Add-Section',
  'ConvertTo-Json',
  'ForEach-Object',
  'Get-ChildItem',
  'Get-CimInstance',
  'Get-Date',
  'Get-Failure',
  'Get-Field',
  'Get-Item',
  'Get-ItemProperty',
  'Get-LocalGroup',
  'Get-LocalGroupMember',
  'Get-LocalUser',
  'Get-NetFirewallProfile',
  'Get-ScheduledTask',
  'Get-ScheduledTaskInfo',
  'Get-Stated',
  'Get-Utc',
  'Get-WinEvent',
  'Invoke-CimMethod',
  'Invoke-Read',
  'New-Object',
  'Read-Cim',
  'Read-Events',
  'Read-Key',
  'Read-Log',
  'Read-Presence',
  'Select-Object',
  'Test-Path',
  'Where-Object',
  'Write-Output',
]);

/** Methods of CIM that are called; each only reads. */
const allowedMethods: ReadonlySet<string> = new Set([
  'GetProtectionStatus',
  'GetConversionStatus',
  'GetEncryptionMethod',
  'GetLockStatus',
  'GetKeyProtectors',
  'GetKeyProtectorType',
  'DetermineIfRebootPending',
]);

const forbidden: readonly [why: string, pattern: RegExp][] = [
  ['gone from Windows', /wmic|slmgr|cscript|wscript|vbscript/i],
  ['older than CIM, fails elsewhere', /Get-WmiObject|\[wmi|gwmi/i],
  ['starts a repair of every program', /Win32_Product\b/i],
  ['runs text', /Invoke-Expression|\biex\b|\[scriptblock\]::|Add-Type|EncodedCommand/i],
  ['reaches out', /Download|Invoke-WebRequest|Invoke-RestMethod|Net\.WebClient|Net\.Sockets|Start-BitsTransfer/i],
  [
    'gives a secret',
    /NumericalPassword|GetKeyProtectorExternalKey|GetKeyPackage|GetKeyProtectorCertificate|ConvertFrom-SecureString/i,
  ],
  [
    'changes the machine',
    /Set-ItemProperty|New-ItemProperty|Remove-Item|Set-Service|Start-Service|Restart-|Stop-|Install\(|\.Download\(/i,
  ],
  ['starts another program', /Start-Process|Start-Job|cmd\.exe|netsh|dism\.exe|powercfg|manage-bde|reg\.exe/i],
  ['prints translated words', /\.Message\b|Format-(List|Table)|Out-String|\.Description\b/i],
];

describe.each(scripts)('%s', (name) => {
  const text = source(name);

  test('is PowerShell, in ASCII', () => {
    expect(isBroken(text)).toBe(false);
    expect(text).toMatch(/^[\t\n\x20-\x7e]*$/);
  });

  test('calls only commands that read', () => {
    const called = commandsOf(text);
    expect(called.length).toBeGreaterThan(15);
    expect(called.filter((command) => !allowedCommands.has(command))).toEqual([]);
  });

  test.each(forbidden)('nothing that %s', (_why, pattern) => {
    expect(pattern.exec(text)?.[0]).toBeUndefined();
  });

  test('the depth of the answer is stated, and the answer leaves as ASCII', () => {
    expect(text).toMatch(/ConvertTo-Json -InputObject \$document -Depth 8 -Compress/);
    expect(text).toContain("-split '([^\\x00-\\x7f])'");
  });

  test('time of the machine is written in one format only', () => {
    const formats = [...text.matchAll(/\.ToString\(([^)]*)\)/g)].map(([, format]) => format);
    expect(formats.filter((format) => format !== "'o'" && format !== "'s'")).toEqual([]);
  });
});

test('CIM is asked with a limit, and only methods that read are called', () => {
  const text = source('collect.ps1');
  const asked = nodes(text, 'command').filter((node) => /^(Get-CimInstance|Invoke-CimMethod)\b/.test(node.text));
  expect(asked.length).toBeGreaterThan(2);
  for (const node of asked) expect(node.text).toContain('-OperationTimeoutSec $cimSeconds');
  const methods = [...text.matchAll(/Invoke-Read \$_ '(\w+)'|-MethodName '(\w+)'/g)].map(
    ([, own, named]) => own ?? named ?? '',
  );
  expect(methods).toContain('GetProtectionStatus');
  expect(methods.filter((method) => !allowedMethods.has(method))).toEqual([]);
});

test('the password of the automatic logon is looked for by its name alone', () => {
  const text = source('collect.ps1');
  expect(text.match(/DefaultPassword/g)).toHaveLength(1);
  expect(text).toContain("-contains 'DefaultPassword'");
});

test('COM is asked in the process that can be killed only', () => {
  expect(source('collect.ps1')).not.toMatch(/-ComObject/);
  expect(source('search-updates.ps1').match(/-ComObject Microsoft\.Update\.\w+/g)?.length).toBe(5);
});

test('every section the collectors read is written, and every one written is read', () => {
  const written = (name: string): string[] =>
    [...source(name).matchAll(/^Add-Section '(\w+)'/gm)].map(([, id]) => id ?? '');
  const agent = new URL('../../../../agent/', import.meta.url);
  const read = (names: readonly string[]): Set<string> =>
    new Set(
      names.flatMap((name) =>
        [...readFileSync(new URL(name, agent), 'utf8').matchAll(/\.read\(\s*'(\w+)'/g)].map(([, id]) => id ?? ''),
      ),
    );
  const all = [
    'accounts',
    'build',
    'defender',
    'encryption',
    'install-record',
    'patches',
    'protection',
    'restart',
    'security',
    'software',
    'update-source',
    'updates',
  ];
  const files = [...all.map((name) => `collectors/windows/${name}.ts`), 'backup/windows/records.ts'];
  expect([...read(files)].sort()).toEqual([...written('collect.ps1'), ...written('search-updates.ps1')].sort());
});

describe('these checks can fail', () => {
  test.each(['function Read-Broken { @{ a = 1 ', 'if ($x -eq 1) { Get-Date ', "Add-Section 'x' { @{ a = 'open } }"])(
    '%s is no PowerShell',
    (text) => {
      expect(isBroken(text)).toBe(true);
    },
  );

  test('a command that writes is seen', () => {
    expect(commandsOf("try { Set-ItemProperty -Path 'HKLM:\\x' -Name y -Value 1 } catch { & $work }")).toContain(
      'Set-ItemProperty',
    );
  });
});
