/** ZIP archives: what we write is read by others, what others write is read by us, and what is hostile is refused. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArchivedFile, writeZip } from '@weir/kube';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readZip, ZipError } from '../src/clusters/read-zip.ts';

const bounds = { files: 20, bytes: 10_000 };
const file = (name: string, content: string | Buffer = name): ArchivedFile => ({ name, content: Buffer.from(content) });
const zipOf = (files: readonly ArchivedFile[]): Buffer => Buffer.from(writeZip(files));

describe('an archive', () => {
  it('that was written is read as it was', () => {
    const files = [file('a.yaml', 'x: 1\n'), file('dir/ü.sh', Buffer.from([0, 255, 10])), file('empty', '')];
    expect(readZip(zipOf(files), bounds)).toEqual(files);
  });

  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'weirt-zip-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('that az makes, packed and with directories, is read', () => {
    const content = 'apiVersion: v1\n'.repeat(200);
    writeFileSync(join(directory, 'in.yaml'), content);
    const make = [
      'import sys, zipfile',
      'z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)',
      'z.write(sys.argv[2], "./sub/in.yaml")',
      'z.writestr("sub/", "")',
      'z.comment = b"a comment"',
      'z.close()',
    ].join('\n');
    execFileSync('python3', ['-c', make, join(directory, 'out.zip'), join(directory, 'in.yaml')]);
    expect(readZip(readFileSync(join(directory, 'out.zip')), bounds)).toEqual([file('sub/in.yaml', content)]);
  });

  it.each(['../x', '/etc/passwd', 'a/../../x', 'a//b', 'a\\b', 'a\0b', ''])('with a file named %j is refused', (name) => {
    expect(() => readZip(zipOf([file(name, 'x')]), bounds)).toThrow(/a name that leads elsewhere/);
  });

  it('with more files or bytes than are taken is refused before anything is unpacked', () => {
    const many = Array.from({ length: 21 }, (_, index) => file(`f${index}`));
    expect(() => readZip(zipOf(many), bounds)).toThrow('has 21 files, and 20 are taken');
    expect(() => readZip(zipOf([file('a', 'x'.repeat(10_001))]), bounds)).toThrow('holds more than 10000 bytes');
  });

  it('with a file twice, of another kind, or cut off is refused', () => {
    expect(() => readZip(zipOf([file('a'), file('a')]), bounds)).toThrow('has a file twice');
    expect(() => readZip(Buffer.from('hello'), bounds)).toThrow('is no ZIP archive');
    const whole = zipOf([file('a', 'text')]);
    expect(() => readZip(Buffer.concat([whole.subarray(0, 10), whole.subarray(20)]), bounds)).toThrow(ZipError);
  });

  it('of any bytes, or with any byte changed, is read whole or refused, and nothing else', () => {
    const whole = zipOf([file('a.yaml', 'some text'), file('b/c', 'more')]);
    const read = (archive: Buffer): void => {
      try {
        readZip(archive, bounds);
      } catch (error) {
        expect(error).toBeInstanceOf(ZipError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(whole);
        changed[at] = value;
        read(changed);
      }),
    );
  });
});
