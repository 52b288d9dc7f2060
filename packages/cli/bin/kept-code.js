/**
 * The code that V8 compiled of the bundle, kept beside it for the next start.
 *
 * A cluster is many processes, and compiling what each of them loads was half of its start. Kept is what a process has
 * compiled by its end, functions that it called among it; what was made by another Node, or with other options, V8
 * refuses, and it is made anew. Only the bundle's owner keeps any, who can build the bundle anew and remove it with all
 * that is in it; so the code is as much to be trusted as the bundle.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { constants, Script } from 'node:vm';

/**
 * Loads the bundle's entry and gives what it exports. `words` are the arguments of the command.
 */
export function loadBundle(entry, words) {
  const directory = dirname(entry);
  const kept = join(directory, 'kept-code', `${process.version}-${process.arch}`, kindOf(words));
  const outside = createRequire(entry);
  const modules = new Map();
  const fresh = new Map();

  const load = (file) => {
    const loaded = modules.get(file);
    if (loaded !== undefined) return loaded.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const source = readFileSync(file, 'utf8');
    const place = join(
      kept,
      file === entry ? `${createHash('sha256').update(source).digest('hex').slice(0, 16)}.code` : `${basename(file)}.code`,
    );
    const script = compile(file, source, readKept(place));
    if (script.cachedDataRejected !== false) fresh.set(place, script);
    const require = (id) => (id.startsWith('./') ? load(join(directory, id)) : outside(id));
    script.runInThisContext()(module.exports, require, module, file, directory);
    return module.exports;
  };

  process.once('exit', (code) => {
    if (code === 0 && fresh.size > 0 && isOwn(directory)) keep(kept, fresh);
  });
  return load(entry);
}

/** Processes of a cluster call different parts of the same files, and live long enough to call many; commands share. */
function kindOf([first, second = '']) {
  if (first === 'lab' && /^[a-z-]+$/.test(second)) return `lab-${second}`;
  return first === 'agent' ? 'agent' : 'command';
}

function isOwn(directory) {
  return process.getuid === undefined || statSync(directory, { throwIfNoEntry: false })?.uid === process.getuid();
}

function compile(file, source, cachedData) {
  return new Script(`(function (exports, require, module, __filename, __dirname) { ${source}\n})`, {
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
}

function readKept(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Names of the bundle's files tell their content (that of the entry is in the name here), so a newer bundle cannot meet the code of an older one. */
function keep(directory, scripts) {
  try {
    mkdirSync(directory, { recursive: true });
    for (const [place, script] of scripts) {
      const temporary = `${place}.${process.pid}`;
      writeFileSync(temporary, script.createCachedData(), { flag: 'wx' });
      // Whole, or not at all: other processes start meanwhile.
      renameSync(temporary, place);
    }
  } catch {
    // The disk is full, or of the kind that nobody writes to, or the bundle has just been replaced: the next start compiles again.
  }
}
