/** An endpoint that cannot be started is told of at once, and one whose port is taken takes another. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ensureArm } from '../src/index.ts';
import { usablePort } from '../src/process/usable-port.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-ensure-'));
  vi.stubEnv('WEIR_STATE_DIR', join(directory, 'state'));
  vi.stubEnv('WEIR_RUN_DIR', join(directory, 'run'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

it('an endpoint that ends at once is an error with the end of its log', async () => {
  await expect(ensureArm(['bash', '-c', 'echo its state is damaged >&2; exit 1'])).rejects.toThrow(
    /^the ARM endpoint has ended at once; the end of its log:\n {2}its state is damaged/,
  );
});

it('a port that is free is kept, and one that somebody has is not', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, () => resolve((server.address() as { readonly port: number }).port));
  });
  expect(await usablePort(port)).toBe(0);
  await new Promise((resolve) => server.close(resolve));
  expect(await usablePort(port)).toBe(port);
});
