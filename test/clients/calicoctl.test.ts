/**
 * What an unmodified calicoctl asks on the Kubernetes data store, request by request (`recordings/calico/*.http`), of an
 * API server with Calico's kinds: of 3.32, of the versions that put the tier before names, and by the other group.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type CalicoServer, startCalicoServer } from '../../packages/lab/test/support/calico-server.ts';
import type { ApiConnection } from '../support/exec/api-connection.ts';
import { recordingsIn, replays } from './replays.ts';

const directory = join(import.meta.dirname, 'recordings', 'calico');

describe.each(recordingsIn(directory))('the requests of %s', (file) => {
  let calico: CalicoServer;
  beforeAll(async () => {
    calico = await startCalicoServer();
  });
  afterAll(() => calico?.stop());

  replays(join(directory, file), (): ApiConnection => {
    const { server } = calico;
    const bytes = (text: string): Buffer => Buffer.from(text);
    const { certificate, key } = server.admin;
    return { host: '127.0.0.1', port: server.server.port, ca: bytes(server.ca.certificate), cert: bytes(certificate), key: bytes(key) };
  });
});
