/** One run of `weir test`: every file as every engine that it is about, then what its assertions leave open. */
import {
  type AssertionResult,
  type CoveredRule,
  coverRules,
  joinCoverage,
  type MutantResult,
  mutatePolicies,
  type RealRunJson,
  runAssertions,
} from '@weir/assertions';
import { formatDiagnostic } from '@weir/kube';
import type { EngineName } from '@weir/model';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import type { OptionValues } from '../command.ts';
import { chosenReading } from '../source-options.ts';
import type { TestFile } from './test-files.ts';

/** A file with what came of its assertions as one engine. */
export interface FileRun {
  readonly file: TestFile;
  readonly snapshot: Snapshot;
  readonly results: readonly AssertionResult[];
}

/** Everything that was found. */
export interface TestRun {
  readonly files: readonly FileRun[];
  readonly results: readonly AssertionResult[];
  readonly coverage?: readonly CoveredRule[];
  readonly mutants?: readonly MutantResult[];
  readonly real?: readonly RealRunJson[];
}

/** More verdicts are not made for mutants. */
const judgementsMax = 5_000_000;
const defaultMutantsMax = 2_000;

/** Whom to tell what. */
export interface Told {
  /** What people must know, each text once. */
  readonly notice: (text: string) => void;
  /** How far it is, of what takes long. */
  readonly progress: (text: string) => void;
}

const progressEveryMs = 2_000;

/** Runs. */
export function runTestFiles(files: readonly TestFile[], options: OptionValues, { notice, progress }: Told): TestRun {
  const asksCoverage = options.flag('coverage') || options.text('min-coverage') !== undefined;
  const asksMutants = options.flag('mutate') || options.text('min-noticed') !== undefined;
  const snapshots = new SnapshotCache(options, onceEach(notice));
  const runs = files.flatMap((file) =>
    enginesOf(file, options).map((engine): FileRun => {
      const snapshot = snapshots.of(file, engine);
      return { file, snapshot, results: runAssertions(snapshot, file.tests, { eachPort: asksMutants }) };
    }),
  );
  const bySnapshot = new Map<Snapshot, AssertionResult[]>();
  for (const { snapshot, results } of runs) bySnapshot.set(snapshot, [...(bySnapshot.get(snapshot) ?? []), ...results]);
  const limits = {
    mutants: options.whole('mutants-max', 1) ?? defaultMutantsMax,
    judgements: judgementsMax,
    onJudging: judgingTold(progress),
  };
  return {
    files: runs,
    results: runs.flatMap(({ results }) => results),
    ...(asksCoverage ? { coverage: joinCoverage([...bySnapshot].map(([snapshot, results]) => coverRules(snapshot, results))) } : {}),
    ...(asksMutants ? { mutants: [...bySnapshot].flatMap(([snapshot, results]) => mutatePolicies(snapshot, results, limits)) } : {}),
  };
}

/** Says now and then how many changes to policies are judged; nothing where it is quick. */
function judgingTold(progress: Told['progress']): (judged: number, of: number) => void {
  let saidMs = performance.now();
  return (judged, of) => {
    if (performance.now() - saidMs < progressEveryMs) return;
    saidMs = performance.now();
    progress(`${judged} of ${of} changes judged`);
  };
}

/** Equal manifests read alike are one snapshot, so that files about them cover its rules together. */
class SnapshotCache {
  readonly #options: OptionValues;
  readonly #notice: (text: string) => void;
  readonly #known: Map<TestFile['source'], Map<string, Snapshot>> = new Map();

  constructor(options: OptionValues, notice: (text: string) => void) {
    this.#options = options;
    this.#notice = notice;
  }

  of({ source, tests: { podRanges } }: TestFile, engine: EngineName): Snapshot {
    const known = this.#known.get(source) ?? new Map<string, Snapshot>();
    this.#known.set(source, known);
    const key = JSON.stringify([engine, podRanges]);
    let snapshot = known.get(key);
    if (snapshot !== undefined) return snapshot;
    for (const notice of source.notices) this.#notice(notice);
    const reading = chosenReading(withProfile(this.#options, engine), source);
    snapshot = loadSnapshot(source.objects, { ...(podRanges === undefined ? {} : { podRanges }), ...reading });
    for (const diagnostic of snapshot.diagnostics) this.#notice(formatDiagnostic(diagnostic));
    known.set(key, snapshot);
    return snapshot;
  }
}

function onceEach(notice: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (said.has(text)) return;
    said.add(text);
    notice(text);
  };
}

/** The one of the command line, else those of the file and its assertions, else that of the cluster. */
function enginesOf({ tests, source }: TestFile, options: OptionValues): readonly EngineName[] {
  const chosen = options.text('profile');
  if (chosen !== undefined) return [chosen as EngineName];
  const own = tests.profiles ?? (tests.assertions.every(({ profiles }) => profiles !== undefined) ? [] : [source.engine ?? 'kubernetes']);
  return [...new Set([...own, ...tests.assertions.flatMap(({ profiles }) => profiles ?? [])])];
}

function withProfile(options: OptionValues, engine: EngineName): OptionValues {
  return { ...options, text: (name) => (name === 'profile' ? engine : options.text(name)) };
}
