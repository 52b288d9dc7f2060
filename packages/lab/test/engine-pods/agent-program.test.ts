/** What stands for an agent, with a real supervised process in the agent's place. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SupervisedChild } from '../../src/cluster/supervised-child.ts';
import { serveSupervisor } from '../../src/cluster/supervisor-socket.ts';
import { AgentProcess } from '../../src/engine-pods/agent-process.ts';
import { standForAgent } from '../../src/engine-pods/agent-program.ts';
import { type BuiltInProcess, startBuiltInProcess } from '../../src/node/built-in-process.ts';

const patience = { timeout: 20_000, interval: 50 };
const line = (text: string): string => JSON.stringify({ time: '2026-01-02T03:04:05.000Z', msg: text });

let directory: string;
let child: SupervisedChild;
let server: Server;
let agent: AgentProcess;
const programs: BuiltInProcess[] = [];

/** Supervises a shell in the agent's place. */
async function supervise(script: string): Promise<void> {
  child = new SupervisedChild(
    { name: 'n-agent', command: ['sh', '-c', script], log: join(directory, 'agent.log'), pids: join(directory, 'pids') },
    () => undefined,
  );
  const unused = (): never => {
    throw new Error('nobody asks for that');
  };
  server = await serveSupervisor(join(directory, 'supervisor.sock'), {
    status: () => ({ cluster: 'c', pid: process.pid, children: [child.status()] }),
    signal: (_name, signal) => child.signal(signal),
    stop: unused,
    hold: unused,
    start: unused,
    hosts: unused,
    nodes: unused,
  });
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-stand-'));
  mkdirSync(join(directory, 'pids'));
  agent = new AgentProcess({ supervisorSocket: join(directory, 'supervisor.sock'), child: 'n-agent' }, join(directory, 'agent-pod.json'));
});
afterEach(async () => {
  for (const program of programs.splice(0)) program.kill('SIGKILL');
  await child.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

/** A container that stands for the agent, and what it has said. */
function stand(pod: string): { readonly process: BuiltInProcess; readonly said: { text: string; at: string | undefined }[] } {
  const said: { text: string; at: string | undefined }[] = [];
  const say = (text: string, at?: Date): void => void said.push({ text: text.trimEnd(), at: at?.toISOString() });
  const refuse = (): never => {
    throw new Error('it needs no such thing');
  };
  const process = startBuiltInProcess({
    program: (context) => standForAgent({ agent, log: join(directory, 'agent.log'), pod }, context),
    argv: [],
    env: {},
    hostname: 'n',
    netns: '',
    names: { servers: [], search: [], ndots: 1, hosts: new Map() },
    stdout: say,
    stderr: say,
    shell: refuse,
    readFile: refuse,
  });
  programs.push(process);
  return { process, said };
}

describe('what stands for an agent', () => {
  it('says what the agent says, with the time at which it was said, and a line without a time as it comes', async () => {
    await supervise(`echo '${line('first')}'; echo plain; exec sleep 600`);
    child.start();
    const { said } = stand('a');
    await vi.waitFor(() => expect(said).toHaveLength(2), patience);
    expect(said).toEqual([
      { text: line('first'), at: '2026-01-02T03:04:05.000Z' },
      { text: 'plain', at: undefined },
    ]);
  });

  it.each([
    ['exit 3', 3],
    ['kill -KILL $$', 137],
  ])('ends as the agent ends with %s, having said all that it said and nothing of the next one', async (end, code) => {
    await supervise(`echo "I am $$"; read answer < ${directory}/gate; ${end}`);
    execFileSync('mkfifo', [join(directory, 'gate')]);
    child.start();
    const pid = child.status().pid;
    const { process, said } = stand('a');
    await vi.waitFor(() => expect(said).toHaveLength(1), patience);
    execFileSync('sh', ['-c', `echo go > ${directory}/gate`]);
    expect(await process.exited).toBe(code);
    expect(said.map(({ text }) => text)).toEqual([`I am ${pid}`]);
  });

  it('ends the agent when it is told to end, and leaves it alone when it is killed', async () => {
    await supervise('echo up; exec sleep 600');
    child.start();
    const { pid } = child.status();
    const [first, second] = [stand('a'), stand('a')];
    await vi.waitFor(() => expect([first.said, second.said].map(({ length }) => length)).toEqual([1, 1]), patience);
    first.process.kill('SIGKILL');
    expect([await first.process.exited, child.status().pid]).toEqual([137, pid]);
    second.process.kill('SIGTERM');
    expect(await second.process.exited).toBe(143);
    expect(child.status().pid).not.toBe(pid);
  });

  it('is a new process for another pod, and the same one for the same pod', async () => {
    await supervise('exec sleep 600');
    child.start();
    const never = new AbortController().signal;
    const first = await agent.claim('a', never);
    expect(await agent.claim('a', never)).toEqual(first);
    const second = await agent.claim('b', never);
    expect(second?.pid).not.toBe(first?.pid);
    expect(child.status()).toMatchObject({ pid: second?.pid, restarts: 1, lastExit: 'signal SIGTERM' });
  });

  it('waits while there is no agent, and needs nobody to end then', async () => {
    await supervise('exec sleep 600');
    const { process } = stand('a');
    process.kill('SIGTERM');
    expect(await process.exited).toBe(0);
  });
});
