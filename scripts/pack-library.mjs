/**
 * `node scripts/pack-library.mjs FOLDER`, after `npm run build`: the library as an npm package (a tarball in FOLDER, whose
 * path is printed): the one file without imports, its source map, and the declarations that its types are made of.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = join(root, 'packages');
const library = join(packages, 'policy');

/** Copies the declarations that a file reaches, with the packages of this repository beside each other. */
class Declarations {
  #target;
  #copied = new Set();

  constructor(target) {
    this.#target = target;
  }

  copy(file) {
    if (this.#copied.has(file)) return;
    this.#copied.add(file);
    const text = readFileSync(file, 'utf8')
      .replaceAll(/^((?:import|export)(?: type)?) \{([^}]*)\} from '@weir\/([a-z]+)';$/gm, (_, ...[word, names, own]) =>
        this.#named(file, {
          word,
          own,
          names: names
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        }),
      )
      .replaceAll(/(^(?:import|export|\}) .*from |\bimport\()'([^']+)'/gm, (whole, before, specifier) => {
        if (specifier.endsWith('.js')) return whole;
        if (!specifier.startsWith('.'))
          throw new Error(`${relative(root, file)} has types of ${specifier}, which whoever installs the library does not have`);
        return `${before}'${this.#reach(file, resolve(dirname(file), declarationFile(specifier)))}'`;
      })
      .replace(/\n?\/\/# sourceMappingURL=.*\s*$/, '\n');
    const place = join(this.#target, relative(packages, file).replace('/dist/', '/'));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
  }

  /** What is named of another package, from the files that declare it: that package's door leads to all of it. */
  #named(file, { word, names, own }) {
    const byFile = new Map();
    for (const name of names) {
      const reached = declaring(
        join(packages, own, 'dist', 'index.d.ts'),
        name
          .replace(/^type /, '')
          .split(' as ')[0]
          .trim(),
      );
      if (reached === undefined) throw new Error(`${relative(root, file)}: @weir/${own} has no ${name}`);
      byFile.set(reached, [...(byFile.get(reached) ?? []), name]);
    }
    return [...byFile].map(([reached, some]) => `${word} { ${some.join(', ')} } from '${this.#reach(file, reached)}';`).join('\n');
  }

  /** Copies what is reached; gives its path from the file, as modules name it. */
  #reach(file, reached) {
    this.copy(reached);
    const [from, to] = [file, reached].map((each) => relative(packages, each).replaceAll('\\', '/').replace('/dist/', '/'));
    const path = relative(dirname(from), to)
      .replaceAll('\\', '/')
      .replace(/\.d\.ts$/, '.js');
    return path.startsWith('.') ? path : `./${path}`;
  }
}

const declarationFile = (specifier) => specifier.replace(/\.[jt]s$/, '.d.ts');

/** The file that declares a name, found from a door that leads to it; undefined where it does not. */
function declaring(file, name) {
  const text = readFileSync(file, 'utf8');
  if (new RegExp(`^export (?:declare )?(?:abstract )?(?:type|interface|class|const|function|enum) ${name}\\b`, 'm').test(text)) return file;
  for (const [, names, specifier] of text.matchAll(/^export (?:type )?(?:\*|\{([^}]*)\}) from '(\.[^']+)';$/gm)) {
    if (names !== undefined && !names.split(',').some((each) => each.replace(/^\s*type /, '').trim() === name)) continue;
    const found = declaring(resolve(dirname(file), declarationFile(specifier)), name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function packLibrary(folder) {
  const { name, version, license, description } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
  const stage = mkdtempSync(join(tmpdir(), 'weir-library-'));
  try {
    for (const file of ['weir-policy.js', 'weir-policy.js.map']) copyFileSync(join(library, 'dist', file), join(stage, file));
    copyFileSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
    copyFileSync(join(root, 'docs', 'library.md'), join(stage, 'README.md'));
    new Declarations(join(stage, 'types')).copy(join(library, 'dist', 'index.d.ts'));
    const manifest = {
      name,
      version,
      type: 'module',
      license,
      description,
      engines: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines,
      sideEffects: false,
      exports: { '.': { types: './types/policy/index.d.ts', default: './weir-policy.js' } },
    };
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    mkdirSync(folder, { recursive: true });
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', resolve(folder)], { cwd: stage, encoding: 'utf8' }),
    );
    return join(resolve(folder), packed.filename);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

process.stdout.write(`${packLibrary(process.argv[2] ?? '.')}\n`);
