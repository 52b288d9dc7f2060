/** `npm run docs:schemas`: writes docs/schemas anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSchema, printed, strictSchemas } from './schemas.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'schemas');
for (const [name, schema] of strictSchemas()) {
  writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(openSchema(schema), null, 2)}\n`);
}
process.stdout.write(`${printed.length} schemas written\n`);
