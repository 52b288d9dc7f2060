/** What `weir engine` does: the table of engines, and the engine that fits a cluster. */
import {
  clusterTraits,
  comparedEngines,
  type EngineRecommendation,
  type EngineRow,
  engineTable,
  engineTitles,
  recommendEngine,
} from '@weir/analyze';
import type { Invocation } from '../command.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import { readObjects } from '../objects.ts';
import { wrapRows } from '../output.ts';

/** The JSON of `weir engine compare`. */
export interface EngineTableJson {
  readonly engines: readonly string[];
  readonly rows: readonly EngineRow[];
}

/** The JSON of `weir engine recommend`. */
export interface EngineRecommendationJson extends Omit<EngineRecommendation, 'recommended'> {
  /** Absent when none fits. */
  readonly recommended?: EngineRecommendation['recommended'];
}

const headers = ['FEATURE', ...comparedEngines.map((engine) => engineTitles[engine]), 'WEIR'];

/** Answers `weir engine compare`. */
export async function runEngineCompare({ output }: Invocation): Promise<ExitCode> {
  const table = engineTable();
  const rows = table.map((row) => [row.feature, ...comparedEngines.map((engine) => row[engine]), row.weir]);
  if (output.json) output.resultJson({ engines: comparedEngines, rows: table } satisfies EngineTableJson);
  else if (output.format === 'md')
    output.result([headers, headers.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n'));
  else output.result(wrapRows([headers, ...rows], [22, 26, 30, 22, 44]));
  return exitCode.done;
}

/** Answers `weir engine recommend`. */
export async function runEngineRecommend({ options, output }: Invocation): Promise<ExitCode> {
  const { objects, notices } = await readObjects(options);
  for (const notice of notices) output.notice(notice);
  const recommendation = recommendEngine(clusterTraits(objects));
  if (output.json) output.resultJson(recommendation);
  else output.result(renderRecommendation(recommendation));
  return recommendation.recommended === undefined ? exitCode.no : exitCode.done;
}

function renderRecommendation({ recommended, why, engines }: EngineRecommendation): string {
  const lines = [`${recommended === undefined ? 'none' : recommended}: ${why}`];
  for (const { engine, against, mind } of engines) {
    lines.push('', `${engine} (${engineTitles[engine]}): ${against.length === 0 ? 'fits' : 'does not fit'}`);
    for (const text of against) lines.push(`  against it: ${text}`);
    for (const text of mind) lines.push(`  mind: ${text}`);
  }
  if (recommended !== undefined) lines.push('', `try it in the lab: weir up --engine ${recommended}`);
  return lines.join('\n');
}
