/**
 * An API server in a process of its own, for tests that end it without a warning: `server-process.ts DIRECTORY`, with the
 * files of a TestCa there. Tells its URL as a message, and ends with whoever started it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startApiServer } from '../../src/index.ts';

const directory = process.argv[2] ?? '';
const file = (name: string): string => readFileSync(join(directory, name), 'utf8');

const server = await startApiServer({
  dataDirectory: join(directory, 'data'),
  tls: { certificate: file('server.crt'), key: file('server.key'), clientCa: file('ca.crt') },
  listen: [{ host: '127.0.0.1', port: 0 }],
  serviceCidrs: ['10.0.0.0/16'],
  nodeSocket: () => undefined,
  version: 'v1.35.2',
});
process.once('disconnect', () => process.exit(0));
process.send?.(server.urls[0]);
