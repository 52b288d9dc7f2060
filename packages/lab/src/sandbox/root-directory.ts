/**
 * The root directory of a sandbox: mount points for the machine's programs, a small /etc of the
 * pod's own, and `/agnhost`.
 */
import { existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OciMount, readOnlyBind } from './runc-config.ts';

/** What a pod's /etc says. */
export interface EtcFiles {
  readonly hostname: string;
  /** Text of /etc/hosts. */
  readonly hosts: string;
  /** Text of /etc/resolv.conf. */
  readonly resolvConf: string;
}

/** Where the lab's own files are mounted inside a sandbox. */
const ownDirectory = '/.weir';
/** Directories of the machine that hold programs; on merged-/usr systems most are symbolic links. */
const programDirectories = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** Parts of the machine's /etc that programs need to run at all. */
const sharedEtc = [
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/ssl',
  '/etc/protocols',
  '/etc/services',
];
const emptyDirectories = ['proc', 'dev', 'sys', 'tmp', 'run', 'var/tmp', 'var/log', 'root', 'home', 'mnt', 'opt', 'srv', 'etc'];

/**
 * The compiled programs of `images/`, which `/agnhost` runs. They are looked for beside this file,
 * or in the build output when this file runs from its sources.
 */
export function defaultProgramDirectory(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return join(here.replace(/([/\\])src([/\\]sandbox)$/, '$1dist$2'), '..', 'images');
}

/** Makes the directory and returns the mounts that complete it. Throws when the programs are not built. */
export function makeRootDirectory(rootDirectory: string, etc: EtcFiles, programDirectory: string): readonly OciMount[] {
  if (!existsSync(join(programDirectory, 'agnhost', 'main.js'))) {
    throw new Error(
      `the program agnhost is not built: ${join(programDirectory, 'agnhost', 'main.js')} does not exist; run \`npm run build\``,
    );
  }
  mkdirSync(rootDirectory, { recursive: true, mode: 0o755 });
  for (const path of emptyDirectories) mkdirSync(join(rootDirectory, path), { recursive: true });
  writeEtc(rootDirectory, etc);
  return [...mountPrograms(rootDirectory), ...mountEtc(rootDirectory), ...mountOwn(rootDirectory, programDirectory)];
}

function writeEtc(rootDirectory: string, etc: EtcFiles): void {
  const files: Readonly<Record<string, string>> = {
    hostname: `${etc.hostname}\n`,
    hosts: etc.hosts,
    'resolv.conf': etc.resolvConf,
    passwd: 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n',
    group: 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    'bash.bashrc': "PS1='\\u@\\h:\\w\\$ '\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(rootDirectory, 'etc', name), text);
}

function mountPrograms(rootDirectory: string): readonly OciMount[] {
  return programDirectories.filter(existsSync).flatMap((path) => {
    const inside = join(rootDirectory, path);
    if (lstatSync(path).isSymbolicLink()) {
      if (lstatSync(inside, { throwIfNoEntry: false }) === undefined) symlinkSync(readlinkSync(path), inside);
      return [];
    }
    mkdirSync(inside, { recursive: true });
    return [readOnlyBind(path, path)];
  });
}

function mountEtc(rootDirectory: string): readonly OciMount[] {
  return sharedEtc.filter(existsSync).map((path) => {
    const inside = join(rootDirectory, path);
    if (lstatSync(path).isDirectory()) mkdirSync(inside, { recursive: true });
    else writeFileSync(inside, '');
    return readOnlyBind(path, path);
  });
}

/** `/agnhost` is a script for the Node that runs the lab: it starts in about 50 ms and needs no build of its own. */
function mountOwn(rootDirectory: string, programDirectory: string): readonly OciMount[] {
  const own = join(rootDirectory, ownDirectory);
  mkdirSync(join(own, 'images'), { recursive: true });
  writeFileSync(join(own, 'node'), '');
  writeFileSync(join(own, 'package.json'), '{"type":"module"}\n');
  const script = `#!${ownDirectory}/node\nimport('${ownDirectory}/images/agnhost/main.js');\n`;
  writeFileSync(join(rootDirectory, 'agnhost'), script, { mode: 0o755 });
  return [
    readOnlyBind(process.execPath, `${ownDirectory}/node`),
    readOnlyBind(programDirectory, `${ownDirectory}/images`),
    ...mountPackages(own),
  ];
}

/** What the programs load when they are asked for SCTP, as Node looks for packages. */
function mountPackages(own: string): readonly OciMount[] {
  const kernel = packageDirectory(import.meta.url, '@weir/kernel');
  const koffi = packageDirectory(join(kernel, 'package.json'), 'koffi');
  const prebuilt = `@koromix/koffi-${process.platform}-${process.arch}`;
  const packages: readonly (readonly [name: string, directory: string])[] = [
    ['@weir/kernel', kernel],
    ['@weir/net', packageDirectory(import.meta.url, '@weir/net')],
    ['koffi', koffi],
    [prebuilt, packageDirectory(join(koffi, 'package.json'), prebuilt)],
  ];
  return packages.map(([name, directory]) => {
    const inside = `node_modules/${name}`;
    mkdirSync(join(own, inside), { recursive: true });
    return readOnlyBind(directory, `${ownDirectory}/${inside}`);
  });
}

/** The directory of a package as `from` finds it. */
function packageDirectory(from: string, name: string): string {
  let directory = dirname(realpathSync(createRequire(from).resolve(name)));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}
