/** The extension that az installs from this endpoint. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { previewWheel } from '../src/extensions/preview-wheel.ts';
import { ArmEndpoint } from './support/arm-endpoint.ts';

let endpoint: ArmEndpoint;
let directory: string;
beforeAll(async () => {
  endpoint = await ArmEndpoint.start();
  directory = mkdtempSync(join(tmpdir(), 'weirt-wheel-'));
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await endpoint.dispose();
});

const open = (path: string): ReturnType<ArmEndpoint['send']> => endpoint.send('GET', path, { token: null });

describe('the index of extensions', () => {
  it('names aks-preview, a preview, with where its file is and the digest of it', async () => {
    const { json } = await open('/azmirror/extensions/index.json');
    const { downloadUrl, filename, sha256Digest, metadata } =
      (json['extensions'] as Record<string, Record<string, unknown>[]>)['aks-preview']?.[0] ?? {};
    expect(json['formatVersion']).toBe('1');
    expect(metadata).toMatchObject({ name: 'aks-preview', 'azext.isPreview': true });
    expect(downloadUrl).toBe(`${endpoint.arm.base}/azmirror/extensions/${String(filename)}`);
    expect(sha256Digest).toBe(createHash('sha256').update(previewWheel()).digest('hex'));
    const file = await open(new URL(String(downloadUrl)).pathname);
    expect([file.status, file.headers['content-type'], Number(file.headers['content-length'])]).toEqual([
      200,
      'application/octet-stream',
      previewWheel().length,
    ]);
  });

  it('has no other file, and a tree without commands', async () => {
    expect((await open('/azmirror/extensions/azure_devops-1.0.0-py3-none-any.whl')).status).toBe(404);
    expect((await open('/azmirror/extensions/extensionCommandTree.json')).json).toEqual({});
  });
});

describe('the wheel', () => {
  it('is the same at every start, and a whole archive to the ZIP reader of Python', async () => {
    expect(previewWheel().equals(previewWheel())).toBe(true);
    const file = join(directory, 'x.whl');
    writeFileSync(file, previewWheel());
    const list = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), *z.namelist(), sep="\\n")';
    const { stdout } = await promisify(execFile)('python3', ['-c', list, file]);
    expect(stdout.trim().split('\n')).toEqual([
      'None',
      'azext_aks_preview/__init__.py',
      'azext_aks_preview/azext_metadata.json',
      'aks_preview-99.0.0b1.dist-info/METADATA',
      'aks_preview-99.0.0b1.dist-info/WHEEL',
      'aks_preview-99.0.0b1.dist-info/top_level.txt',
      'aks_preview-99.0.0b1.dist-info/RECORD',
    ]);
  });
});
