/** What a command of the bundle loads of Weir's packages before it has done its work. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'weirt-loaded-'));
const weir = join(import.meta.dirname, '..', 'bin', 'weir.js');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The modules, as `lab/cluster/cluster-status`: the bundle says where the code of each begins. */
function loadedBy(words: readonly string[]): readonly string[] {
  const list = join(directory, 'list');
  const watch = join(directory, 'watch.cjs');
  const script = `
    const fs = require('node:fs');
    const read = fs.readFileSync;
    fs.readFileSync = (file, ...rest) => {
      if (String(file).endsWith('.js')) fs.appendFileSync(${JSON.stringify(list)}, file + '\\n');
      return read(file, ...rest);
    };
    require('node:module').syncBuiltinESMExports();`;
  writeFileSync(watch, script);
  writeFileSync(list, '');
  const state = { WEIR_STATE_DIR: join(directory, 'state'), WEIR_RUN_DIR: join(directory, 'run') };
  execFileSync(process.execPath, ['--require', watch, weir, ...words], { env: { ...process.env, ...state }, stdio: 'ignore' });
  const files = readFileSync(list, 'utf8').split('\n');
  return files
    .filter((file) => file.includes('/bundle/'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^\/\/ packages\/(\w+)\/(?:src|dist)\/(.*)\.[jt]s$/gm)])
    .map(([, owner, module]) => `${owner}/${module}`);
}

it('a question about clusters loads neither the API server nor what a node does', () => {
  const loaded = loadedBy(['status']);
  expect(loaded).toContain('lab/cluster/cluster-status');
  expect(
    loaded.filter((name) =>
      /^(apiserver|dataplane|lab\/(controllers|images|scheduler))\/|^lab\/(node\/run-node|pki\/certificate-authority)$/.test(name),
    ),
  ).toEqual([]);
});

it('a question about manifests loads nothing of clusters', () => {
  const loaded = loadedBy(['lint', '--manifests', join(import.meta.dirname, '..', '..', '..', 'examples')]);
  expect(loaded).toContain('compile/kubernetes/compile-network-policy');
  expect(loaded.filter((name) => /^(apiserver|dataplane|kernel|lab)\//.test(name))).toEqual([]);
});
