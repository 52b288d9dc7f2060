/** Streams into containers under load: hundreds of commands at once, clients that read slowly, nothing left behind. */
import { inventoryDifference } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ApiConnection, apiConnectionOf, type ExecResult, execPath } from './support/exec/api-connection.ts';
import { execOverSpdy } from './support/exec/spdy-exec.ts';
import { execOverWebSocket } from './support/exec/web-socket-exec.ts';
import { LabCluster } from './support/lab-cluster.ts';

let cluster: LabCluster;
let connection: ApiConnection;
const pod = { namespace: 'default', pod: 'server' };

beforeAll(async () => {
  cluster = await LabCluster.up();
  await cluster.kubectlOutput('run server --image=agnhost:2.53 --command -- /agnhost serve-hostname --tcp --http=false --port=80');
  await cluster.kubectlOutput('wait --for=condition=Ready pod/server --timeout=60s');
  connection = await apiConnectionOf(cluster);
});
afterAll(async () => {
  await cluster?.down();
});

/** Waits until the cluster has on the machine what it had before. */
async function nothingLeft(before: readonly string[]): Promise<void> {
  await expect.poll(async () => inventoryDifference(before, await cluster.inventory()), { timeout: 60_000, interval: 250 }).toEqual([]);
}

const count = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
const failed = (exitCode: number): ExecResult['status'] => ({
  status: 'Failure',
  reason: 'NonZeroExitCode',
  message: expect.stringContaining(`exit status ${exitCode}`),
  details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
});

describe.each([
  ['WebSocket', execOverWebSocket],
  ['SPDY', execOverSpdy],
])('over %s', (_, exec) => {
  it('a command has its input, both outputs and its exit code to itself, beside others', async () => {
    // The sandbox of the first command stays; what it needs must not count as left over.
    await exec(connection, { ...pod, command: ['true'] });
    const before = await cluster.inventory();
    const results = await Promise.all(
      count(30).map((index) =>
        exec(connection, { ...pod, command: ['bash', '-c', `cat; echo err ${index} >&2; exit ${index}`], stdin: `in ${index}` }),
      ),
    );
    for (const [index, { stdout, stderr, status }] of results.entries()) {
      expect({ stdout, stderr }).toEqual({ stdout: `in ${index}`, stderr: `err ${index}\n` });
      expect(status).toMatchObject(index === 0 ? { status: 'Success' } : failed(index));
    }
    await nothingLeft(before);
  });

  it('two hundred connections are tried at the same time, and each says how it ended', async () => {
    const before = await cluster.inventory();
    const address = await cluster.addressOf('default', 'server');
    const results = await Promise.all(
      count(200).map((index) =>
        exec(connection, { ...pod, command: ['/agnhost', 'connect', `${address}:${index % 2 === 0 ? 80 : 81}`, '--timeout=30s'] }),
      ),
    );
    for (const [index, { stderr, status }] of results.entries()) {
      expect(stderr).toBe(index % 2 === 0 ? '' : 'REFUSED\n');
      expect(status).toMatchObject(index % 2 === 0 ? { status: 'Success' } : failed(1));
    }
    await nothingLeft(before);
  });
});

it('a client that reads nothing stops the program, and loses nothing when it reads on', async () => {
  const megabytes = 100;
  const writes = `for i in {1..${megabytes}}; do head -c 1048576 /dev/zero; echo $i > /tmp/written; done`;
  const { host, port, ...tls } = connection;
  const target = execPath({ ...pod, command: ['bash', '-c', writes] });
  const socket = new WebSocket(`wss://${host}:${port}${target}`, 'v5.channel.k8s.io', tls);
  let received = 0;
  socket.on('message', (message: Buffer) => {
    if (message[0] === 1) received += message.length - 1;
  });
  const closed = new Promise((resolve) => {
    socket.on('close', resolve);
  });
  await new Promise((resolve) => {
    socket.once('open', resolve);
  });
  socket.pause();
  const written = async (): Promise<number> => Number(await cluster.kubectlOutput('exec server -- cat /tmp/written').catch(() => 0));
  // It stands when it has written nothing more between two looks, each of which runs a program.
  let last = 0;
  await expect
    .poll(
      async () => {
        const before = last;
        last = await written();
        // Nothing at all says that the program has not begun.
        return last === 0 ? 'not begun' : last - before;
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(0);
  expect(last).toBeGreaterThan(0);
  expect(last).toBeLessThan(megabytes / 2);
  socket.resume();
  await closed;
  expect(received).toBe(megabytes * 1024 * 1024);
});
