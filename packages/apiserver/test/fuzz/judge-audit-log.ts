/** What no audit log may be, whatever was asked. */
import { readFileSync } from 'node:fs';
import { auditLogIn, type FuzzedServer } from './fuzzed-server.ts';

/** Bodies, and what else there can be in a line: a head has 128 KiB, and JSON writes some characters as six. */
const longestLine = 1024 * 1024;

/** What is wrong with what the server has written last. */
export function auditProblems({ server, secret }: FuzzedServer): readonly string[] {
  const text = readFileSync(auditLogIn(server.directory), 'utf8');
  const base64 = Buffer.from(secret).toString('base64');
  const problems = new Set<string>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.length > longestLine) problems.add(`a line of the audit log has ${line.length} characters`);
    if (line.includes(secret) || line.includes(base64)) problems.add(`the audit log holds what is in a Secret: ${line.slice(0, 1_000)}`);
    if (!isEvent(line)) problems.add(`this is no event of an audit log: ${line.slice(0, 300)}`);
  }
  return [...problems].slice(0, 5);
}

function isEvent(line: string): boolean {
  try {
    const { kind, auditID, verb } = JSON.parse(line) as { kind?: unknown; auditID?: unknown; verb?: unknown };
    return kind === 'Event' && typeof auditID === 'string' && typeof verb === 'string';
  } catch {
    return false;
  }
}
