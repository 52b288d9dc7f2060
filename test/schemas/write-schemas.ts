/** `npm run docs:schemas`: writes docs/schemas anew, and adds to the promises what has come to them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addedPromises, type Promises, promisesOf } from './promises.ts';
import { openSchema, printed, strictSchemas } from './schemas.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'schemas');
const promised = JSON.parse(readFileSync(join(import.meta.dirname, 'promises.json'), 'utf8')) as Readonly<Record<string, Promises>>;
const all: Record<string, Promises> = { ...promised };
for (const [name, schema] of strictSchemas()) {
  const id = String(schema['$id']);
  all[id] = addedPromises(promised[id] ?? {}, promisesOf(openSchema(schema)));
  writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(openSchema(schema), null, 2)}\n`);
}
writeFileSync(join(import.meta.dirname, 'promises.json'), `${JSON.stringify(all, null, 2)}\n`);
process.stdout.write(`${printed.length} schemas written\n`);
