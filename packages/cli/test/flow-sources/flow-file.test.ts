/** An agent's flow log, read while it is written. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlowFile } from '../../src/flow-sources/flow-file.ts';

describe('the flow log of an agent', () => {
  let directory = '';
  let path = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-flow-file-'));
    path = join(directory, 'flows.jsonl');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const line = (port: number): string =>
    `${JSON.stringify({ source: { ip: '10.0.0.1', port: 1 }, destination: { ip: '10.0.0.2', port }, protocol: 'TCP' })}\n`;
  const ports = (file: FlowFile): (number | undefined)[] =>
    file.take().map((read) => (read.kind === 'flow' ? read.flow.destination.port : undefined));

  it('is read with its predecessor, then as it grows, and each line once', () => {
    writeFileSync(`${path}.1`, line(1));
    writeFileSync(path, line(2));
    const file = new FlowFile(path);
    expect(ports(file)).toEqual([1, 2]);
    expect(ports(file)).toEqual([]);
    appendFileSync(path, line(3).slice(0, 20));
    expect(ports(file)).toEqual([]);
    appendFileSync(path, line(3).slice(20) + line(4));
    expect(ports(file)).toEqual([3, 4]);
    file.close();
  });

  it('goes on in the new file when the agent begins one, without losing the end of the old one', () => {
    const file = new FlowFile(path);
    expect(file.isThere).toBe(false);
    expect(ports(file)).toEqual([]);
    writeFileSync(path, line(1));
    expect(ports(file)).toEqual([1]);
    appendFileSync(path, line(2));
    renameSync(path, `${path}.1`);
    writeFileSync(path, line(3));
    expect(ports(file)).toEqual([2, 3]);
    appendFileSync(path, line(4));
    expect(ports(file)).toEqual([4]);
    file.close();
  });
});
