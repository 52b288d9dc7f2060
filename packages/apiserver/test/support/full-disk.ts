/**
 * Writes into an audit log while the process may write no file longer than 1 024 bytes, and again when it may:
 * `full-disk.ts FILE`. Prints as JSON what was lost and told.
 */
import { execFileSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { AuditLog } from '../../src/audit/audit-log.ts';

const troubles: string[] = [];
const log = new AuditLog({ path: process.argv[2] ?? '', onTrouble: (message) => troubles.push(message) });
const limit = (size: string): void => {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${size}:unlimited`]);
};
// The signal would end the process; with a listener the write fails with EFBIG.
process.on('SIGXFSZ', () => undefined);
limit('1024');
for (let i = 0; i < 30; i++) {
  log.write(`line ${i} ${'x'.repeat(90)}`);
  await turn();
}
const { lost } = log;
limit('unlimited');
log.write('the disk has room again');
log.close();
process.stdout.write(JSON.stringify({ lost, troubles }));
