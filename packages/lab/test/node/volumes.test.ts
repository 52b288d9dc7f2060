import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod, Volume } from '@weir/kube';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically } from '../../src/node/volumes/atomic-directory.ts';
import { descriptorPath, OutsideError, openBeneath, openResolvedBeneath } from '../../src/node/volumes/open-beneath.ts';
import { type VolumeFacts, type VolumeFile, volumeFiles } from '../../src/node/volumes/volume-files.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-volumes-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', resources: { limits: { cpu: '2' } } }] },
};
const facts: VolumeFacts = {
  pod,
  podAddresses: [],
  hostAddresses: [],
  allocatable: {},
  find: (kind, name) => {
    if (name === 'none') return undefined;
    const data = kind === 'Secret' ? { k: Buffer.from('secret').toString('base64') } : { k: 'plain', l: 'other' };
    return { apiVersion: 'v1', kind, metadata: { name }, data, binaryData: kind === 'Secret' ? {} : { raw: '/w==' } };
  },
  token: (path) => `token of ${path}`,
};

function texts(volume: Omit<Volume, 'name'>): readonly string[] {
  return volumeFiles({ name: 'v', ...volume }, facts).map(
    ({ path, content, mode }) => `${path} ${mode.toString(8)} ${content.toString('latin1')}`,
  );
}

describe('the files of a volume', () => {
  it('are the keys of an object, or those that are asked for, with their modes', () => {
    expect(texts({ configMap: { name: 'x' } })).toEqual(['k 644 plain', 'l 644 other', 'raw 644 \u00ff']);
    const items = [{ key: 'k', path: 'dir/file', mode: 0o400 }];
    expect(texts({ secret: { secretName: 'x', defaultMode: 0o600, items } })).toEqual(['dir/file 400 secret']);
  });

  it('come from several sources, the last of one path counting', () => {
    const sources = [
      { configMap: { name: 'x', items: [{ key: 'k', path: 'f' }] } },
      { secret: { name: 'x', items: [{ key: 'k', path: 'f' }] } },
      { serviceAccountToken: { path: 'token' } },
      { downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } }] } },
      { configMap: { name: 'none', optional: true } },
    ];
    expect(texts({ projected: { sources, defaultMode: 0o640 } })).toEqual(['f 640 secret', 'token 600 token of token', 'cpu 640 2']);
  });

  it.each<[Omit<Volume, 'name'>, string]>([
    [{ configMap: { name: 'none' } }, 'configmap "none" not found'],
    [{ secret: { secretName: 'x', items: [{ key: 'absent', path: 'f' }] } }, 'references non-existent secret key: absent'],
    [{ configMap: { name: 'x', items: [{ key: 'k', path: '../f' }] } }, 'invalid path: ../f'],
    [{ configMap: { name: 'x', items: [{ key: 'k', path: '/etc/f' }] } }, 'invalid path: /etc/f'],
    [{ configMap: { name: 'x', items: [{ key: 'k', path: 'a/../../f' }] } }, 'invalid path: a/../../f'],
  ])('cannot be had for %j', (volume, message) => {
    expect(() => texts(volume)).toThrow(message);
  });
});

describe('a directory that changes all at once', () => {
  const file = (path: string, text: string): VolumeFile => ({ path, content: Buffer.from(text), mode: 0o640 });

  it('shows exactly the files of the last write through one link', async () => {
    expect(await writeAtomically(directory, [file('a', '1'), file('d/e', '2')])).toBe(true);
    const first = readlinkSync(join(directory, '..data'));
    expect(readFileSync(join(directory, 'd/e'), 'utf8')).toBe('2');
    expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o640);
    expect(readlinkSync(join(directory, 'a'))).toBe('..data/a');
    expect(await writeAtomically(directory, [file('a', '1'), file('d/e', '2')])).toBe(false);
    expect(readlinkSync(join(directory, '..data'))).toBe(first);
    expect(await writeAtomically(directory, [file('a', '3')])).toBe(true);
    expect(readFileSync(join(directory, 'a'), 'utf8')).toBe('3');
    expect(existsSync(join(directory, 'd'))).toBe(false);
    expect(existsSync(join(directory, first))).toBe(false);
  });
});

describe('what lies below a directory', () => {
  it('is opened without ever following a link on the way', () => {
    mkdirSync(join(directory, 'base'));
    writeFileSync(join(directory, 'outside'), 'no');
    symlinkSync('..', join(directory, 'base', 'up'));
    symlinkSync('/etc', join(directory, 'base', 'etc'));
    const base = join(directory, 'base');
    for (const path of ['up/outside', 'etc/passwd', '../outside', 'a/../../outside', 'up']) {
      expect(() => openBeneath(base, path, { directoryMode: 0o755 }), path).toThrow(OutsideError);
    }
    for (const path of ['up/outside', 'etc/passwd']) expect(() => openResolvedBeneath(base, path), path).toThrow(OutsideError);
  });

  it('is made where it is missing, with the mode that is wanted', () => {
    const fd = openBeneath(directory, 'a/b', { directoryMode: 0o2777 });
    try {
      expect(lstatSync(join(directory, 'a/b')).mode & 0o7777).toBe(0o2777);
      writeFileSync(`${descriptorPath(fd)}/f`, 'x');
      expect(readFileSync(join(directory, 'a/b/f'), 'utf8')).toBe('x');
    } finally {
      closeSync(fd);
    }
    expect(() => openBeneath(directory, 'c')).toThrow('ENOENT');
  });

  it('may be reached through links that stay inside when they are followed first', () => {
    mkdirSync(join(directory, 'real'));
    writeFileSync(join(directory, 'real/f'), 'x');
    symlinkSync('real', join(directory, 'link'));
    const fd = openResolvedBeneath(directory, 'link/f');
    expect(readFileSync(descriptorPath(fd), 'utf8')).toBe('x');
    closeSync(fd);
  });
});
