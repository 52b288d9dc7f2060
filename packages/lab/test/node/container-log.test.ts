/** Logs of containers: what is written is read back, whole, in part, and while it grows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ContainerLog } from '../../src/node/container-log.ts';
import { type LogSelection, readContainerLog } from '../../src/node/read-container-log.ts';

let directory: string;
let log: ContainerLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-log-'));
  log = new ContainerLog(join(directory, '0.log'));
});
afterEach(() => {
  log.close();
  rmSync(directory, { recursive: true, force: true });
});

const never = new AbortController().signal;

async function read(selection: Partial<LogSelection> = {}): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of readContainerLog(log, { timestamps: false, follow: false, ...selection }, never)) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

/** Reads at least so many bytes of a reader. */
async function readSome(reader: AsyncGenerator<Buffer>, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const { value, done } = await reader.next();
    if (done === true) break;
    text += value.toString('latin1');
  }
  return text;
}

function write(text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
  log.write(stream, Buffer.from(text, 'latin1'));
}

test('a log is read back byte for byte, with bytes that are no text', async () => {
  write('one\n\n\xff\xfe\x00 three\n');
  expect(await read()).toBe('one\n\n\xff\xfe\x00 three\n');
});

test('output without a line end appears when the program ends, and no line end is made up', async () => {
  write('asked: ');
  expect(await read()).toBe('');
  log.close();
  expect(await read()).toBe('asked: ');
});

test('lines of both streams do not mix, however they are cut', async () => {
  write('out');
  write('err', 'stderr');
  write('put\n');
  write('or\n', 'stderr');
  expect(await read()).toBe('output\nerror\n');
});

test('lines of any length come whole, with one timestamp each', async () => {
  const line = 'x'.repeat(100_000);
  write(`${line}\nshort\n`);
  expect(await read()).toBe(`${line}\nshort\n`);
  expect((await read({ timestamps: true })).split('\n').map((text) => text.slice(0, 33))).toEqual([
    expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z xx$/),
    expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z sh$/),
    '',
  ]);
});

test('a tail, a number of bytes and a time select', async () => {
  write('1\n2\n3\n');
  expect(await read({ tailLines: 2 })).toBe('2\n3\n');
  expect(await read({ tailLines: 0 })).toBe('');
  expect(await read({ tailLines: 9 })).toBe('1\n2\n3\n');
  expect(await read({ limitBytes: 3 })).toBe('1\n2');
  expect(await read({ tailLines: 1, sinceMs: Date.now() + 60_000 })).toBe('');
  expect(await read({ sinceMs: Date.now() - 60_000 })).toBe('1\n2\n3\n');
});

test('a log is bounded: the last two files are kept, and a tail spans both', async () => {
  const line = `${'y'.repeat(1023)}\n`;
  for (let count = 0; count < 12_000; count += 1) write(line);
  write('last\n');
  const kept = (await read()).length;
  expect(kept).toBeGreaterThan(4 * 1024 * 1024);
  expect(kept).toBeLessThan(11 * 1024 * 1024);
  expect(await read({ tailLines: 6_000 })).toHaveLength(1024 * 5_999 + 5);
});

test('a follower that keeps up sees every line across files, then the end', async () => {
  const reader = readContainerLog(log, { timestamps: false, follow: true }, never);
  for (let count = 0; count < 60; count += 1) {
    const line = `${String(count).padStart(200_000, '-')}\n`;
    write(line);
    expect((await readSome(reader, line.length)) === line).toBe(true);
  }
  write('no end');
  log.close();
  expect(await readSome(reader, 6)).toBe('no end');
  expect(await reader.next()).toEqual({ done: true, value: undefined });
});

test('a follower that is overtaken goes on with what is kept', async () => {
  write('first\n');
  const reader = readContainerLog(log, { timestamps: false, follow: true }, never);
  expect(await readSome(reader, 6)).toBe('first\n');
  for (let count = 0; count < 20_000; count += 1) write(`${String(count).padStart(1023, '-')}\n`);
  log.close();
  let text = '';
  for await (const piece of reader) text += piece.toString();
  expect(text).toMatch(/-19999\n$/);
  expect(text.length).toBeLessThan(16 * 1024 * 1024);
});

test('a follower starts at the tail and is counted in bytes', async () => {
  write('1\n2\n');
  const reader = readContainerLog(log, { timestamps: false, follow: true, tailLines: 1, limitBytes: 5 }, never);
  expect(await readSome(reader, 2)).toBe('2\n');
  write('3\n4\n5\n');
  let text = '';
  for await (const piece of reader) text += piece.toString();
  expect(text).toBe('3\n4');
});

test('a follower that leaves is forgotten, also while nothing is written', async () => {
  const gone = new AbortController();
  const reader = readContainerLog(log, { timestamps: false, follow: true }, gone.signal);
  const next = reader.next();
  gone.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});

test('a tail has no more lines than were asked for, also while the container goes on writing', async () => {
  write('a\nb\nc\n');
  for (let round = 0; round < 20; round++) {
    const tail = read({ tailLines: 2 });
    for (let line = 0; line < 20; line++) {
      write(`line ${round} ${line}\n`);
      await new Promise(setImmediate);
    }
    expect((await tail).split('\n')).toHaveLength(3);
  }
});
