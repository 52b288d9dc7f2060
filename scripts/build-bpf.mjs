/**
 * `npm run build:bpf`: compiles the eBPF programs anew. With `--check` nothing is written, and it fails when
 * the committed object file has other bytes.
 *
 * The bytes depend on the compiler alone: Debian 12 has clang 14. Its libbpf-dev has the headers.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture } from './run.mjs';

const directory = fileURLToPath(new URL('../packages/dataplane/bpf', import.meta.url));
const committed = join(directory, 'weir.bpf.o');

/** Compiles into `output`; gives what the compiler complains of, if it does. */
function compile(output) {
  const flags = ['-target', 'bpf', '-mcpu=v3', '-O2', '-g', '-Wall', '-Werror', '-I/usr/include/x86_64-linux-gnu'];
  // Nothing of where the checkout lies.
  const paths = [`-ffile-prefix-map=${directory}=.`, '-fdebug-compilation-dir=.'];
  const result = capture('clang', [...flags, ...paths, '-c', 'weir.bpf.c', '-o', output], { cwd: directory });
  if (result.code === 127) return 'clang is not there: install the Debian packages clang and libbpf-dev';
  return result.code === 0 ? undefined : result.stderr;
}

/** What is wrong with the committed file; undefined when a build gives the same bytes. */
function bpfObjectComplaint() {
  const scratch = mkdtempSync(join(tmpdir(), 'weir-bpf-'));
  try {
    const built = join(scratch, 'weir.bpf.o');
    const complaint = compile(built);
    if (complaint !== undefined) return complaint;
    if (readFileSync(built).equals(readFileSync(committed))) return undefined;
    return 'packages/dataplane/bpf/weir.bpf.o is not what its sources give: run npm run build:bpf and commit it';
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const complaint = process.argv.includes('--check') ? bpfObjectComplaint() : compile(committed);
  if (complaint !== undefined) process.stderr.write(`${complaint}\n`);
  process.exitCode = complaint === undefined ? 0 : 1;
}
