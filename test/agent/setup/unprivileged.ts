/** Somebody who can log on: many attempts in one process of another account, so that the kernel answers and not our code. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';

/** No account has it; the kernel asks for numbers only. Not "nobody", which other programs use as well. */
export const stranger = 61_234;
/** Part of every Debian (perl-base is essential); Node itself may stand where strangers may not go. */
const perl = '/usr/bin/perl';
const as = { uid: stranger, gid: stranger, cwd: '/', env: { PATH: '/usr/bin:/bin' } } as const;

const prelude = `
use strict; use warnings; no warnings 'all'; use Fcntl ':DEFAULT', ':mode'; use POSIX ();
sub put { my ($f, $flags, $text) = @_; sysopen(my $h, $f, $flags) or return 0; my $n = syswrite($h, $text); close $h; return defined $n && $n == length $text }
sub get { my ($f) = @_; sysopen(my $h, $f, O_RDONLY | O_NONBLOCK) or return 0; my $n = sysread($h, my $b, 64); return defined $n }
sub names { my ($d) = @_; opendir(my $h, $d) or return 0; my @n = readdir $h; return scalar @n }
`;

/** Each attempt is a Perl expression, true when it got its way. In order; "done" or the name of the error. */
export function attempt(expressions: readonly string[]): string[] {
  const body = expressions
    .map(
      (expression) =>
        `$! = 0; { my $r = eval { ${expression} }; my $e = $! + 0; print(($r ? 'done' : "errno $e"), "\\n"); }`,
    )
    .join('\n');
  const { stdout, stderr, status } = spawnSync(perl, ['-e', `${prelude}\n$| = 1;\n${body}`], {
    ...as,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`perl ended with ${status}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** Repeats the expression until it is killed. Resolves when it has begun. */
export async function keepAttempting(expression: string): Promise<{ stop(): Promise<void> }> {
  const script = `${prelude}\n$| = 1; print "begun\\n"; while (1) { eval { ${expression} } }`;
  const child: ChildProcess = spawn(perl, ['-e', script], { ...as, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('error', reject);
  });
  child.stdout?.resume();
  return {
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
