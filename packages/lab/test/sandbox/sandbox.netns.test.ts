import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createNetns, deleteNetns, listenTcp } from '@weir/kernel';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listContainers, Sandbox, type SandboxHome } from '../../src/sandbox/sandbox.ts';
import type { SandboxProcess, SandboxProcessOptions } from '../../src/sandbox/sandbox-process.ts';

const unique = randomBytes(4).toString('hex');
const netns = `weirt-${unique}`;
let home: SandboxHome;
let sandbox: Sandbox;

beforeAll(async () => {
  createNetns(netns);
  execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
  const directory = mkdtempSync(join(tmpdir(), 'weirt-'));
  const programDirectory = join(directory, 'images');
  mkdirSync(join(programDirectory, 'agnhost'), { recursive: true });
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/images/agnhost/main.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(programDirectory, 'agnhost', 'main.js'),
  });
  home = { directory, programDirectory };
  sandbox = newSandbox('main');
  await sandbox.idle();
});
afterAll(async () => {
  for (const id of listContainers(home)) await newSandbox(id.replace(`weirt-${unique}-`, '')).remove();
  expect(listContainers(home)).toEqual([]);
  expect(readdirSync('/sys/fs/cgroup').filter((name) => name.includes(unique))).toEqual([]);
  rmSync(home.directory, { recursive: true, force: true });
  deleteNetns(netns);
});

function newSandbox(name: string): Sandbox {
  return new Sandbox({
    home,
    id: `weirt-${unique}-${name}`,
    netns,
    etc: {
      hostname: 'pod-1',
      hosts: '127.0.0.1 localhost\n10.9.9.9 known\n',
      resolvConf: 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
    },
  });
}

const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };
const options = (argv: readonly string[], more: Partial<SandboxProcessOptions> = {}): SandboxProcessOptions => ({
  argv,
  env,
  cwd: '/',
  stdin: false,
  ...more,
});

function collect(stream: Readable | undefined): { text: string } {
  const output = { text: '' };
  stream?.on('data', (chunk: Buffer) => {
    output.text += chunk.toString();
  });
  return output;
}

async function until(output: { text: string }, part: string): Promise<void> {
  await expect.poll(() => output.text, { timeout: 20_000, interval: 10 }).toContain(part);
}

async function finish(process: SandboxProcess): Promise<{ code: number; stdout: string; stderr: string }> {
  const stdout = collect(process.stdout);
  const stderr = collect(process.stderr);
  const code = await process.exited;
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const exec = async (argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
  finish(await sandbox.exec(options(argv)));
const shell = (script: string): ReturnType<typeof exec> => exec(['sh', '-c', script]);

describe('a program in a sandbox', () => {
  it.each([0, 1, 7, 255])('gives its exit code %i', async (code) => {
    expect((await shell(`exit ${code}`)).code).toBe(code);
  });

  it('that is ended by a signal gives 128 and the signal', async () => {
    expect((await shell('kill -9 $$')).code).toBe(137);
    const process = await sandbox.exec(options(['sleep', '1000']));
    process.kill('SIGTERM');
    expect((await finish(process)).code).toBe(143);
  });

  it('keeps its two outputs apart, also large ones', async () => {
    const result = await shell('seq 1 50000; echo problem >&2');
    expect(result.stdout.split('\n')).toHaveLength(50_001);
    expect(result.stderr).toBe('problem\n');
  });

  it('reads its input to the end', async () => {
    const process = await sandbox.exec(options(['sh', '-c', 'cat; echo end'], { stdin: true }));
    const result = finish(process);
    process.stdin?.write('one\n');
    process.stdin?.end('two\n');
    expect(await result).toEqual({ code: 0, stdout: 'one\ntwo\nend\n', stderr: '' });
  });

  it('sees the pod: its name, its files, its network, its own processes', async () => {
    expect((await exec(['hostname'])).stdout).toBe('pod-1\n');
    expect((await exec(['cat', '/etc/resolv.conf'])).stdout).toContain('nameserver 127.0.0.1');
    expect((await exec(['getent', 'hosts', 'known'])).stdout).toContain('10.9.9.9');
    expect((await exec(['readlink', '/proc/self/ns/net'])).stdout.trim()).toBe(
      execFileSync('ip', ['netns', 'exec', netns, 'readlink', '/proc/self/ns/net']).toString().trim(),
    );
    expect((await shell('cat /proc/1/comm')).stdout).toBe('sleep\n');
    expect((await exec(['ls', '/'])).stdout.split('\n')).toContain('agnhost');
  });

  it('can write to /tmp and nowhere in what belongs to the machine', async () => {
    expect((await shell('echo x > /tmp/file && cat /tmp/file')).stdout).toBe('x\n');
    for (const path of ['/usr/x', '/etc/x', '/x', '/.weir/x', '/agnhost']) {
      expect((await shell(`echo x > ${path}`)).stderr).toContain('Read-only file system');
    }
  });

  it('has no rights over the network or the machine', async () => {
    expect((await shell('ip link add d0 type veth peer name d1')).stderr).toContain('Operation not permitted');
    expect((await shell('mount -t tmpfs none /mnt')).code).not.toBe(0);
    expect((await exec(['ping', '-c', '1', '-W', '2', '127.0.0.1'])).code).toBe(0);
  });

  it('that does not exist is reported with the reason', async () => {
    await expect(sandbox.exec(options(['no-such-program']))).rejects.toThrow('"no-such-program": executable file not found in $PATH');
  });
});

describe('/agnhost in a sandbox', () => {
  it('connects from the pod', async () => {
    const server = listenTcp(createServer(), { netns, address: '127.0.0.1', port: 7200 });
    expect(await exec(['/agnhost', 'connect', '127.0.0.1:7200', '--timeout=3s', '--protocol=tcp'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await exec(['/agnhost', 'connect', '127.0.0.1:9', '--timeout=3s'])).toEqual({ code: 1, stdout: '', stderr: 'REFUSED\n' });
    server.close();
  });

  it('says why a name has no address', async () => {
    const result = await exec(['/agnhost', 'connect', 'nowhere:80']);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^DNS: lookup nowhere on 127\.0\.0\.1:53: (no such host|i\/o timeout)\n$/);
  });

  it('serves', async () => {
    const process = await sandbox.exec(options(['/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port=7201']));
    process.stdout.resume();
    await until(collect(process.stderr), 'Serving on port 7201.');
    expect((await shell('exec 3<>/dev/tcp/127.0.0.1/7201; cat <&3')).code).not.toBe(0);
    expect((await exec(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/7201; cat <&3'])).stdout).toBe('pod-1');
    process.kill('SIGKILL');
    expect(await process.exited).toBe(137);
  });
});

describe('a terminal in a sandbox', () => {
  it('is a real one, of the size asked for, and follows changes', async () => {
    const process = await sandbox.exec(
      options(['bash', '--norc'], { stdin: true, terminal: { columns: 100, rows: 30 }, env: { ...env, TERM: 'xterm' } }),
    );
    const output = collect(process.stdout);
    await until(output, '# ');
    process.stdin?.write('tty; stty size\n');
    await until(output, '30 100');
    expect(output.text).toContain('/dev/pts/0');
    process.resize({ columns: 61, rows: 17 });
    process.stdin?.write('sleep 0.2; stty size; test -t 2 && echo error-$((40+2))\n');
    await until(output, '17 61');
    await until(output, 'error-42');
    process.stdin?.write('exit 9\n');
    expect(await process.exited).toBe(9);
  });

  it('is hung up when the client goes', async () => {
    const process = await sandbox.exec(options(['bash', '-c', 'sleep 4321'], { terminal: { columns: 80, rows: 24 } }));
    process.stdout.resume();
    process.disconnect();
    await expect.poll(async () => (await exec(['pgrep', '-fx', 'sleep 4321'])).stdout, { timeout: 20_000 }).toBe('');
  });
});

describe('a container', () => {
  it('lives and ends with its main program', async () => {
    const own = newSandbox('own');
    const result = await finish(await own.run(options(['sh', '-c', 'echo $0 $$; exit 3'])));
    expect(result).toEqual({ code: 3, stdout: 'sh 1\n', stderr: '' });
    await own.remove();
  });

  it('whose program does not exist is reported with the reason and can be tried again', async () => {
    const own = newSandbox('none');
    for (let i = 0; i < 2; i++) await expect(own.run(options(['/no/such']))).rejects.toThrow('"/no/such"');
    await own.remove();
  });

  it('is removed although it runs', async () => {
    const own = newSandbox('busy');
    await own.idle();
    await own.remove();
    expect(listContainers(home)).not.toContain(`weirt-${unique}-busy`);
  });

  it('needs the program agnhost to be built', async () => {
    const own = new Sandbox({
      home: { directory: home.directory, programDirectory: '/nonexistent' },
      id: `weirt-${unique}-x`,
      netns,
      etc: { hostname: 'x', hosts: '', resolvConf: '' },
    });
    await expect(own.idle()).rejects.toThrow('npm run build');
  });
});
