/** Texts as they come from every system. */
import { linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifestFiles } from '../src/manifest-files.ts';
import { decodeText, readStandardInput, readTextFile } from '../src/text-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weirt-text-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const fault = (code: string): Error => Object.assign(new Error(code), { code });

describe('a text', () => {
  it('is UTF-8 or UTF-16 of either order, without its byte order mark', () => {
    const text = 'kind: Pod # ü\r\n';
    const little = Buffer.from(`\ufeff${text}`, 'utf16le');
    expect([Buffer.from(text), Buffer.from(`\ufeff${text}`), little, Buffer.from(little).swap16()].map(decodeText)).toEqual(
      Array(4).fill(text),
    );
    expect(() => decodeText(Buffer.from([0x6b, 0xff, 0x00]))).toThrow('the file is no text in UTF-8');
    writeFileSync(join(folder, 'a'), little);
    expect(readTextFile(join(folder, 'a'))).toBe(text);
  });

  it('of standard input ends with nothing more, or with the error that Windows has for that, and is waited for', () => {
    const reader = (...steps: readonly (string | Error)[]): ((descriptor: number, buffer: Uint8Array) => number) => {
      const left = [...steps];
      return (_, buffer) => {
        const step = left.shift() ?? '';
        if (step instanceof Error) throw step;
        return Buffer.from(step).copy(buffer);
      };
    };
    expect(readStandardInput(reader('kind: ', 'Pod'))).toBe('kind: Pod');
    expect(readStandardInput(reader(fault('EOF')))).toBe('');
    expect(readStandardInput(reader('kind: ', fault('EAGAIN'), 'Pod', fault('EOF')))).toBe('kind: Pod');
    expect(() => readStandardInput(reader(fault('EIO')))).toThrow('EIO');
  });

  it('that has several names is read once, as on systems where capitals do not count', () => {
    writeFileSync(join(folder, 'a.yaml'), 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n');
    linkSync(join(folder, 'a.yaml'), join(folder, 'A.YAML'));
    const { objects, diagnostics } = readManifestFiles([join(folder, 'a.yaml'), join(folder, 'A.YAML'), folder]);
    expect({ objects: objects.length, diagnostics }).toEqual({ objects: 1, diagnostics: [] });
  });
});
