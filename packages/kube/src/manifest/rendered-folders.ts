/**
 * Folders whose objects come out of another program: Helm charts and kustomizations.
 *
 * Templates of a chart are no objects until helm has rendered them, and the patches of a kustomization
 * are parts of objects: read as objects they would take the place of the whole ones.
 */

import type { ManifestText } from './manifest-text.ts';
import { parseValues } from './parse-values.ts';

const kustomizationNames: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The fields of a kustomization that name files which are no objects of their own. */
const fileFields: readonly string[] = [
  'patches',
  'patchesStrategicMerge',
  'patchesJson6902',
  'replacements',
  'transformers',
  'generators',
  'validators',
  'configurations',
  'helmCharts',
  'configMapGenerator',
  'secretGenerator',
];

/** The charts and kustomizations among texts. */
export class RenderedFolders {
  readonly #charts: readonly string[];
  readonly #kustomizations: readonly string[];
  readonly #kustomized: ReadonlySet<string>;

  constructor(texts: readonly ManifestText[]) {
    const found = texts.filter((entry) => entry.found === true);
    this.#charts = found.filter(({ file }) => baseOf(file) === 'Chart.yaml').map(({ file }) => folderOf(file));
    const kustomizations = found.filter(({ file }) => kustomizationNames.includes(baseOf(file)));
    this.#kustomizations = kustomizations.map(({ file }) => folderOf(file));
    this.#kustomized = new Set(kustomizations.flatMap(({ file, text }) => [withSlashes(file), ...filesNamedIn(text, folderOf(file))]));
  }

  /** Whether the file is a template, a patch or a kustomization: what objects are made from. */
  isSource(file: string): boolean {
    const path = withSlashes(file);
    return this.#kustomized.has(path) || this.#charts.some((chart) => path.startsWith(`${within(chart)}templates/`));
  }

  /** Whether the file is a chart's, so that nobody expects an object in it. */
  isPartOfChart(file: string): boolean {
    const path = withSlashes(file);
    return this.#charts.some((chart) => path.startsWith(within(chart)));
  }

  /** One sentence for each, with how to get its objects. */
  notices(): string[] {
    const isInside = (chart: string): boolean => this.#charts.some((other) => other !== chart && chart.startsWith(within(other)));
    return [
      ...this.#charts
        .filter((chart) => !isInside(chart))
        .map((chart) => `${chart} is a Helm chart, whose templates are left out: pipe in what helm template ${chart} prints`),
      ...this.#kustomizations.map(
        (folder) => `${folder} is a kustomization, which is not applied: pipe in what kubectl kustomize ${folder} prints`,
      ),
    ];
  }
}

/** The folder of a file, with `/`; `.` where the name has none. */
export function folderOf(file: string): string {
  const path = withSlashes(file);
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : end === 0 ? '/' : path.slice(0, end);
}

function baseOf(file: string): string {
  return withSlashes(file).split('/').at(-1) ?? '';
}

function withSlashes(file: string): string {
  return file.replaceAll('\\', '/');
}

/** What the paths of a folder's files start with. */
function within(folder: string): string {
  return folder === '.' ? '' : folder === '/' ? '/' : `${folder}/`;
}

/** Every text in those fields that may be a path, from the folder on. */
function filesNamedIn(text: string, folder: string): string[] {
  // Its kind and apiVersion may be left out.
  const { values } = parseValues(text, 'kustomization.yaml');
  return values.flatMap(({ value }) =>
    Object.entries(typeof value === 'object' && value !== null ? value : {})
      .filter(([field]) => fileFields.includes(field))
      .flatMap(([, named]) => textsIn(named))
      .filter((path) => !path.includes('\n'))
      // `name=path` of the generators.
      .map((path) => joined(folder, path.slice(path.indexOf('=') + 1))),
  );
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** The path with its `.` and `..` resolved. */
function joined(folder: string, path: string): string {
  const steps = within(folder).split('/').slice(0, -1);
  for (const step of withSlashes(path).split('/')) {
    if (step === '..' && steps.length > 0 && steps.at(-1) !== '..') steps.pop();
    else if (step !== '.' && step !== '') steps.push(step);
  }
  return steps.join('/');
}
