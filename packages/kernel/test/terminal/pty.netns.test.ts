import { spawn, spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { openPty, resizePty } from '../../src/index.ts';

describe('a terminal', () => {
  it('is held by no program that is started besides', () => {
    const pty = openPty();
    try {
      const held = spawnSync('sh', ['-c', 'readlink /proc/$$/fd/*'], { encoding: 'utf8' }).stdout;
      expect(held).not.toMatch(/ptmx|\/dev\/pts/);
    } finally {
      closeSync(pty.slave);
      closeSync(pty.master);
    }
  });

  it('shows its size to the program behind it, also after a change', async () => {
    const pty = openPty({ columns: 100, rows: 30 });
    const child = spawn('setsid', ['-c', 'sh', '-c', 'stty size; read line; stty size; exit 7'], {
      stdio: [pty.slave, pty.slave, pty.slave],
    });
    closeSync(pty.slave);
    const stream = new ReadStream(pty.master);
    let text = '';
    stream.on('error', () => stream.destroy());
    stream.on('data', (chunk) => {
      const first = !text.includes('30 100');
      text += chunk.toString();
      if (first && text.includes('30 100')) {
        resizePty(pty.master, { columns: 61, rows: 17 });
        stream.write('go\n');
      }
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => (stream.closed ? resolve(undefined) : stream.on('close', resolve)));
    expect(text).toContain('17 61');
    expect(code).toBe(7);
  });
});
