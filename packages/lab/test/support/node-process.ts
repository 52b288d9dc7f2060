/**
 * The process of one lab node for tests, started as the supervisor starts it: inside the node's own
 * network namespace, so that neither its sockets nor its service rules touch those of the machine.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { netnsPath } from '@weir/kernel';
import { nodeNetnsName } from '../../src/index.ts';
import type { NodeOptions } from '../../src/node/node-options.ts';

/** Starts it; resolves when its server listens. */
export async function startNodeProcess(options: NodeOptions): Promise<{ stop(): Promise<void> }> {
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const child: ChildProcess = spawn(
    'nsenter',
    [
      `--net=${netnsPath(nodeNetnsName(options.cluster, options.node))}`,
      process.execPath,
      '--conditions=source',
      '--import',
      tsx,
      `${import.meta.dirname}/node-main.ts`,
      JSON.stringify(options),
    ],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const ended = once(child, 'exit');
  await Promise.race([
    once(child, 'message'),
    ended.then(() => {
      throw new Error('the node process ended before it listened');
    }),
  ]);
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
