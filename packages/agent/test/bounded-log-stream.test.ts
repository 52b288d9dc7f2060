/** A log that a flood cannot fill a disk with. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { BoundedLogStream } from '../src/log/bounded-log-stream.ts';

class Setup {
  nowMs = 0;
  readonly lines: string[] = [];
  readonly stream = new BoundedLogStream({
    linesPerSecond: 3,
    errorLevel: 50,
    write: (line) => this.lines.push(line.startsWith('{') ? (JSON.parse(line) as { msg: string }).msg : line),
    notice: (dropped) => `${dropped} left out`,
    nowMs: () => this.nowMs,
  });
  readonly log = pino({ level: 'debug' }, this.stream);
}

describe('the bounded log', () => {
  it('writes so many lines a second, and tells how many it left out', () => {
    const setup = new Setup();
    for (let i = 0; i < 10; i++) setup.log.info(`line ${i}`);
    setup.nowMs = 1_000;
    setup.log.info('next');
    expect(setup.lines).toEqual(['line 0', 'line 1', 'line 2', '7 left out', 'next']);
    expect(setup.stream.counts).toEqual({ written: 5, dropped: 7 });
  });

  it('keeps a share for errors, which is bounded too', () => {
    const setup = new Setup();
    for (let i = 0; i < 5; i++) setup.log.debug(`small ${i}`);
    for (let i = 0; i < 5; i++) setup.log.error(`bad ${i}`);
    expect(setup.lines).toEqual(['small 0', 'small 1', 'small 2', 'bad 0', 'bad 1', 'bad 2']);
  });

  it('tells of what it left out also when no line follows, and when it ends', async () => {
    const setup = new Setup();
    for (let i = 0; i < 4; i++) setup.log.info(`line ${i}`);
    setup.stream.flush();
    setup.stream.flush();
    expect(setup.lines.slice(3)).toEqual(['1 left out']);
    setup.log.info('again');
    const deadline = performance.now() + 30_000;
    while (setup.lines.length < 5 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(setup.lines.slice(4)).toEqual(['1 left out']);
  });
});
