/** `npm run docs:policy-support` (root): writes `design/policy-support.md` anew from what the cases come to. Exit code 1 when one goes wrong. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryBackEnds } from './try-back-ends.ts';

const { wrong, page } = await tryBackEnds();
const found = Object.entries(wrong).flatMap(([backEnd, texts]) => texts.map((text) => `${backEnd}: ${text}`));
for (const text of found) process.stderr.write(`${text}\n`);
if (found.length === 0) writeFileSync(join(import.meta.dirname, '..', '..', 'design', 'policy-support.md'), page);
process.exitCode = found.length === 0 ? 0 : 1;
