import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { boundLog, lastLogLines } from '../../src/cluster/bounded-log.ts';
import { planCluster, shapeDifferences } from '../../src/cluster/cluster-config.ts';
import { identifyProcess, isAlive, readIdentity, signalProcess } from '../../src/cluster/process-identity.ts';
import { lockHolder, takeProcessLock } from '../../src/cluster/process-lock.ts';
import { SupervisedChild } from '../../src/cluster/supervised-child.ts';
import { askSupervisor, SupervisorUnreachable, serveSupervisor } from '../../src/cluster/supervisor-socket.ts';
import { noFakes } from '../../src/fakes/fake-counts.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-cl-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('a supervised process', () => {
  function child(command: readonly string[]): SupervisedChild {
    mkdirSync(join(directory, 'pids'), { recursive: true });
    return new SupervisedChild({ name: 'c', command, log: join(directory, 'c.log'), pids: join(directory, 'pids') }, () => undefined);
  }

  it('is started again when it is killed, and is recorded as long as it lives', async () => {
    const supervised = child(['sleep', '60']);
    supervised.start();
    const pid = supervised.status().pid;
    expect(readIdentity(join(directory, 'pids', 'c.json'))?.pid).toBe(pid);
    supervised.signal('SIGKILL');
    await vi.waitFor(
      () => expect(supervised.status()).toMatchObject({ state: 'running', restarts: 1, lastExit: 'signal SIGKILL' }),
      30_000,
    );
    expect(supervised.status().pid).not.toBe(pid);
    await supervised.stop();
    expect(supervised.status().state).toBe('stopped');
    expect(existsSync(join(directory, 'pids', 'c.json'))).toBe(false);
  });

  it('writes its output to the log', async () => {
    const supervised = child(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    supervised.start();
    await vi.waitFor(() => expect(supervised.status().lastExit).toBe('exit code 3'), 30_000);
    await supervised.stop();
    expect(lastLogLines(join(directory, 'c.log'), 2).sort()).toEqual(['err', 'out']);
  });

  it('that cannot be started is tried again, and says why', async () => {
    const supervised = child(['/no/such/program']);
    supervised.start();
    await vi.waitFor(() => expect(supervised.status()).toMatchObject({ lastExit: expect.stringContaining('ENOENT') as string }), 30_000);
    await supervised.stop();
  });

  it('stays down when it is held, until it is started', async () => {
    const supervised = child(['sleep', '60']);
    supervised.start();
    await supervised.stop('held');
    expect(supervised.status().state).toBe('held');
    expect(supervised.status().pid).toBeUndefined();
    supervised.start();
    expect(supervised.status().state).toBe('running');
    await supervised.stop();
  });
});

describe('the identity of a process', () => {
  it('is never that of a later process with the same number', () => {
    const own = identifyProcess(process.pid);
    expect(own !== undefined && isAlive(own)).toBe(true);
    expect(isAlive({ pid: process.pid, bootId: own?.bootId ?? '', startTicks: '1' })).toBe(false);
    expect(isAlive({ pid: process.pid, bootId: 'another boot', startTicks: own?.startTicks ?? '' })).toBe(false);
    // Would end this test run if it were taken for the recorded one.
    signalProcess({ pid: process.pid, bootId: 'another boot', startTicks: own?.startTicks ?? '' }, 'SIGKILL');
  });
});

describe('a lock', () => {
  it('is held by one, and free again when released', () => {
    const path = join(directory, 'lock');
    const first = takeProcessLock(path);
    expect(takeProcessLock(path)).toMatchObject({ holder: { pid: process.pid } });
    if ('lock' in first) first.lock.release();
    expect(lockHolder(path)).toBeUndefined();
    expect('lock' in takeProcessLock(path)).toBe(true);
  });

  it('of a process that died without releasing it is taken over', async () => {
    const path = join(directory, 'lock');
    const other = spawn('sleep', ['60']);
    writeFileSync(path, JSON.stringify(identifyProcess(other.pid ?? 0)));
    expect(lockHolder(path)?.pid).toBe(other.pid);
    other.kill('SIGKILL');
    await new Promise((resolve) => other.once('exit', resolve));
    expect('lock' in takeProcessLock(path)).toBe(true);
  });

  it('that is damaged is taken over', () => {
    const path = join(directory, 'lock');
    writeFileSync(path, '{');
    expect('lock' in takeProcessLock(path)).toBe(true);
  });
});

describe('a log', () => {
  it('that has become too long is emptied, and its newest part kept beside it', () => {
    const path = join(directory, 'x.log');
    writeFileSync(path, `${'a'.repeat(100)}\nlast line\n`);
    boundLog(path, 50);
    expect(statSync(path).size).toBe(0);
    expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/last line\n$/);
    boundLog(path, 50);
    boundLog(join(directory, 'missing.log'));
  });
});

describe('the socket of a supervisor', () => {
  it('answers its owner only, and does what is asked', async () => {
    const path = join(directory, 's.sock');
    let stopped = false;
    const status = { cluster: 'lab', pid: 1, children: [] };
    const server = await serveSupervisor(path, {
      status: () => status,
      hosts: () => Promise.resolve(),
      nodes: () => Promise.resolve(),
      stop: () => {
        stopped = true;
      },
      signal: (name, signal) => name === 'node1' && signal === 'SIGKILL',
      hold: (name) => Promise.resolve(name === 'node1'),
      start: () => true,
    });
    try {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(await askSupervisor(path, 'GET', '/status')).toEqual(status);
      expect(await askSupervisor(path, 'POST', '/children/node1/signal?signal=SIGKILL')).toEqual(status);
      await expect(askSupervisor(path, 'POST', '/children/node2/hold')).rejects.toThrow('no process "node2"');
      await askSupervisor(path, 'POST', '/stop');
      expect(stopped).toBe(true);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('that nobody serves is told apart from a refusal', async () => {
    await expect(askSupervisor(join(directory, 'none.sock'), 'GET', '/status')).rejects.toThrow(SupervisorUnreachable);
  });
});

describe('the plan of a cluster', () => {
  const shape = { name: 'lab', nodes: 3, engine: 'kubernetes' as const, standIn: false, dualStack: true, fakes: noFakes };

  it('numbers nodes from the fifth address of their subnet and gives each a block of its own', () => {
    expect(planCluster(shape, 16_443, ['weir']).nodes[2]).toEqual({
      name: 'node3',
      addresses: ['10.224.0.6', 'fd00:10:224::6'],
      podBlocks: ['10.224.3.0/24', 'fd00:10:224:3::/64'],
    });
  });

  it('says in what it differs from what is asked for', () => {
    const config = planCluster(shape, 16_443, ['weir']);
    expect(shapeDifferences(config, shape)).toEqual([]);
    expect(shapeDifferences(config, { ...shape, nodes: 1, standIn: true })).toEqual([
      'nodes: it has 3, asked for was 1',
      'stand-in: it has false, asked for was true',
    ]);
    expect(shapeDifferences(config, { ...shape, windowsExpandUnsupported: true })).toEqual([
      'windows-expand-unsupported: it has false, asked for was true',
    ]);
    expect(shapeDifferences(config, { ...shape, established: 'cut' })).toEqual(['established: it has as the engine, asked for was cut']);
    expect(shapeDifferences(planCluster({ ...shape, established: 'cut' }, 16_443, ['weir']), { ...shape, established: 'cut' })).toEqual([]);
  });
});
