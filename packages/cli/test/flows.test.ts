/** `weir flows` on recorded logs, as people run it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWeir } from './run-weir.ts';

let directory: string;
let env: Record<string, string>;

const line = (second: number, verdict: 'allow' | 'deny', source: string): string =>
  JSON.stringify({
    time: `2026-01-31T12:00:0${second}.000Z`,
    node: 'n1',
    verdict,
    source: { pod: `demo/${source}`, ip: '10.0.0.1', port: 40_000 + second },
    destination: { pod: 'demo/server', ip: '10.0.0.2', port: 80 },
    protocol: 'TCP',
  });
const log = [line(2, 'deny', 'stranger'), 'no flow', line(1, 'allow', 'client'), line(3, 'deny', 'stranger')].join('\n');

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-flows-'));
  env = { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') };
  writeFileSync(join(directory, 'flows.jsonl'), log);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('weir flows', () => {
  it('shows a recorded log in the order of time, aligned, and says what is no flow', async () => {
    const { code, stdout, stderr } = await runWeir(['flows', '--input', join(directory, 'flows.jsonl')], { env });
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        '2026-01-31T12:00:01.000Z  allowed  TCP  demo/client:40001 → demo/server:80    n1',
        '2026-01-31T12:00:02.000Z  denied   TCP  demo/stranger:40002 → demo/server:80  n1',
        '2026-01-31T12:00:03.000Z  denied   TCP  demo/stranger:40003 → demo/server:80  n1',
        '',
      ].join('\n'),
    );
    expect(stderr).toBe('1 line is no flow and passed over; the first is line 2: no JSON: no flow\n');
  });

  it('shows only what is asked for, from standard input, as Hubble would', async () => {
    const { stdout } = await runWeir(['flows', '--input', '-', '--verdict', 'denied', '--last', '1', '-o', 'json'], { env, input: log });
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      time: '2026-01-31T12:00:03.000Z',
      flow: { verdict: 'DROPPED', source: { pod_name: 'stranger' } },
    });
  });

  it('reads rotated files and packed ones as one log, and says of which a line is broken', async () => {
    writeFileSync(join(directory, 'flows.jsonl.1.gz'), gzipSync(`${line(0, 'allow', 'early')}\n{\n`));
    const inputs = ['flows.jsonl', 'flows.jsonl.1.gz'].flatMap((name) => ['--input', join(directory, name)]);
    const { stdout, stderr } = await runWeir(['flows', ...inputs], { env });
    expect(stdout.split('\n').map((text) => /demo\/\w+/.exec(text)?.[0])).toEqual([
      'demo/early',
      'demo/client',
      'demo/stranger',
      'demo/stranger',
      undefined,
    ]);
    expect(stderr).toMatch(/^2 lines are no flow and passed over; the first is \S+flows\.jsonl, line 2: no JSON: no flow\n$/);
    writeFileSync(join(directory, 'torn.gz'), gzipSync(log).subarray(0, 40));
    const torn = await runWeir(['flows', '--input', join(directory, 'torn.gz')], { env });
    expect([torn.code, torn.stderr]).toEqual([2, expect.stringMatching(/--input \S+torn\.gz: unexpected end of file/)]);
  });

  it('completes what the node of the destination denied with the service that the log of the other node tells', async () => {
    const [source, destination] = [
      { pod: 'demo/far', ip: '10.0.1.1', port: 40_000 },
      { pod: 'demo/server', ip: '10.0.0.2', port: 8080 },
    ];
    const both = { source, destination, protocol: 'TCP' };
    const decided = { reason: 'no policy' };
    const service = { ip: '10.96.0.1', port: 80 };
    const out = {
      ...both,
      time: '2026-01-31T12:00:00.000Z',
      node: 'n2',
      verdict: 'allow',
      service,
      egress: { verdict: 'allow', decidedBy: decided },
    };
    const into = {
      ...both,
      time: '2026-01-31T12:00:00.010Z',
      node: 'n1',
      verdict: 'deny',
      ingress: { verdict: 'deny', decidedBy: decided },
    };
    writeFileSync(join(directory, 'n1.jsonl'), JSON.stringify(into));
    writeFileSync(join(directory, 'n2.jsonl'), JSON.stringify(out));
    const inputs = ['n1.jsonl', 'n2.jsonl'].flatMap((name) => ['--input', join(directory, name)]);
    const { stdout } = await runWeir(['flows', ...inputs, '--verdict', 'DROPPED'], { env });
    expect(stdout).toContain('denied  TCP  demo/far:40000 → demo/server:8080 via service 10.96.0.1:80  n1');
  });

  it('says what is wrong with a question, and that there is no cluster to ask', async () => {
    const answers = await Promise.all(
      [['--from-pod', 'a/b'], ['-f', '--until', '1m'], ['--since', 'yesterday'], ['--protocol', 'tls'], ['-f', '--input', '-'], []].map(
        (args) => runWeir(['flows', ...args], { env, input: '' }),
      ),
    );
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2]);
    expect(answers.map(({ stderr }) => stderr.split(/[:,]/)[1]?.trim().slice(0, 24))).toEqual([
      'there is no option --fro',
      '--until names an end',
      '--since is a time such a',
      '--protocol is tcp',
      '--input is a recorded lo',
      'there is no cluster to a',
    ]);
  });
});
