/** `weir demo`: the article from end to end, and what it leaves behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Finished, runProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const weirCommand = join(root, 'packages', 'cli', 'bin', 'weir.js');

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-demo-'));
});
afterAll(async () => {
  for (const name of readdirSync(directory)) await runProgram(process.execPath, [weirCommand, 'down', '--all'], { env: envIn(name) });
  rmSync(directory, { recursive: true, force: true });
});

/** State, sockets and temporary files of one demo below one directory. */
const envIn = (name: string): Record<string, string> => {
  const home = join(directory, name);
  mkdirSync(join(home, 'tmp'), { recursive: true });
  return { WEIR_STATE_DIR: join(home, 'state'), WEIR_RUN_DIR: join(home, 'run'), TMPDIR: join(home, 'tmp') };
};

/** A demo that runs in a process group of its own. */
interface Running {
  readonly ended: Promise<Finished>;
  /** Resolves when standard output or error has held the text. */
  said(text: string): Promise<void>;
  /** Ctrl-C as a terminal does it: the whole group gets the signal. */
  interrupt(): void;
}

const startDemo = (env: Record<string, string>, args: readonly string[] = []): Running => {
  const child = spawn(process.execPath, [weirCommand, 'demo', '--no-color', ...args], { env: { ...process.env, ...env }, detached: true });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    child.emit('said');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
    child.emit('said');
  });
  const ended = once(child, 'close').then(([code]): Finished => ({ code: (code as number | null) ?? -1, stdout, stderr }));
  return {
    ended,
    said: async (text) => {
      while (!stdout.includes(text) && !stderr.includes(text)) {
        const over = await Promise.race([once(child, 'said').then(() => false), ended.then(() => true)]);
        if (over) throw new Error(`the demo ended without "${text}":\n${stdout}${stderr}`);
      }
    },
    interrupt: () => process.kill(-(child.pid ?? 0), 'SIGINT'),
  };
};

/** What is left of a demo: files, and namespaces of the cluster that it said it made. */
const leftOvers = (name: string, { stdout, stderr }: Finished): string[] => {
  const cluster = /cluster "(demo[-\d]*)"/.exec(stderr + stdout)?.[1];
  const namespaces = readdirSync('/run/netns').filter((netns) => cluster !== undefined && netns.startsWith(`weir-${cluster}-`));
  // Another demo of this machine may have the plain name by now.
  return [
    ...readdirSync(join(directory, name)).filter((entry) => entry !== 'tmp'),
    ...readdirSync(join(directory, name, 'tmp')),
    ...(cluster === 'demo' ? [] : namespaces),
  ];
};

interface DemoReport {
  readonly asTheArticleSays: boolean;
  readonly differences: readonly string[];
  readonly steps: readonly { readonly command: string; readonly output: string }[];
}

describe('weir demo', () => {
  let asInTheArticle: Running;
  let broken: Running;
  beforeAll(async () => {
    asInTheArticle = startDemo(envIn('article'));
    await asInTheArticle.said('Two pods');
    // A kubectl that cannot apply: everything else of the article is tried all the same. It is a second demo beside the first.
    const tools = mkdtempSync(join(directory, 'tools-'));
    const kubectl = join(root, '.setup', 'bin', 'kubectl');
    writeFileSync(join(tools, 'kubectl'), `#!/bin/sh\n[ "$1" = apply ] && { echo "no apply today"; exit 1; }\nexec ${kubectl} "$@"\n`, {
      mode: 0o755,
    });
    // The checkout's own tools come first only where PATH does not name them already.
    const path = [tools, dirname(kubectl), process.env['PATH'] ?? ''].join(delimiter);
    broken = startDemo({ ...envIn('broken'), PATH: path }, ['-o', 'json']);
  });

  it('goes as the article says: talk, TIMEOUT, talk again, and leaves nothing', async () => {
    const finished = await asInTheArticle.ended;
    const { code, stdout } = finished;
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const after = (command: string): string => {
      const [, rest = ''] = stdout.split(command);
      return rest.split('\n')[1] ?? '';
    };
    for (const command of [
      '$ kubectl create namespace demo',
      '$ kubectl run server -n demo --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --labels="app=server" --port=80 --command -- /agnhost serve-hostname --tcp --http=false --port "80"',
      '$ kubectl run -it client -n demo --image=k8s.gcr.io/e2e-test-images/agnhost:2.33 --command -- bash',
      '$ kubectl get pod --output=wide -n demo',
      '$ weir why demo/client demo/server 80',
    ]) {
      expect(stdout).toContain(`${command}\n`);
    }
    expect(after('$ kubectl apply -f demo-policy.yaml')).toBe('networkpolicy.networking.k8s.io/demo-policy created');
    expect(after('$ kubectl label pod client -n demo app=client')).toBe('pod/client labeled');
    expect(after('$ kubectl delete namespace demo')).toBe('namespace "demo" deleted');
    // Each connect: the line after it is either its output or its time.
    const connects = stdout.split(/\/agnhost connect [\d.]+:80 --timeout=3s --protocol=tcp\n/).slice(1);
    expect(connects.map((rest) => rest.split('\n')[0]?.replace(/^# .*/, ''))).toEqual(['', 'TIMEOUT', '']);
    expect(stdout).toContain('isolated by NetworkPolicy demo/demo-policy');
    expect(stdout).toContain("the source's label app is absent, wanted app=client");
    expect(stdout).toMatch(/\n\d+ steps in .*; the cluster "demo[-\d]*" is gone\.\n/);
    expect(leftOvers('article', finished)).toEqual([]);
  });

  it('runs beside another one, and ends with exit code 1 and what differed when a step goes otherwise', async () => {
    const finished = await broken.ended;
    const report = JSON.parse(finished.stdout) as DemoReport;
    expect({ code: finished.code, asTheArticleSays: report.asTheArticleSays }).toEqual({ code: 1, asTheArticleSays: false });
    expect(report.steps[0]?.command).toMatch(/^weir up --name demo-\d+$/);
    expect(report.differences).toHaveLength(3);
    expect(report.differences[0]).toMatch(/^kubectl apply -f demo-policy\.yaml: printed 'no apply today' instead of /);
    expect(report.differences[1]).toMatch(/connect .*: printed nothing instead of 'TIMEOUT'$/);
    expect(report.differences[2]).toMatch(/^weir why .*: the explanation does not name demo-policy$/);
    expect(leftOvers('broken', finished)).toEqual([]);
  });

  it.each(['$ weir up', '$ kubectl create namespace', 'root@client:/# /agnhost connect', '$ kubectl delete'])(
    'that is interrupted at "%s" ends with exit code 1 and leaves nothing',
    async (moment) => {
      const running = startDemo(envIn('interrupted'));
      await running.said(moment);
      running.interrupt();
      const finished = await running.ended;
      expect(finished).toMatchObject({ code: 1, stderr: expect.stringContaining('the demo was interrupted') as string });
      expect(leftOvers('interrupted', finished)).toEqual([]);
    },
  );
});
