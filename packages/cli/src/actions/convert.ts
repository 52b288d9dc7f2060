/** What `weir convert` does: policies in the words of another API, and why some have none. */
import { type Conversion, convertPolicies } from '@weir/analyze';
import { formatManifest } from '@weir/kube';
import type { PolicyApi } from '@weir/model';
import type { Invocation } from '../command.ts';
import { type ExitCode, usageError } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { readObjects } from '../objects.ts';

/** The APIs by the names that people use. */
const apis: Readonly<Record<string, PolicyApi>> = {
  kubernetes: 'NetworkPolicy',
  cluster: 'ClusterNetworkPolicy',
  calico: 'Calico',
  cilium: 'Cilium',
};

/** Answers `weir convert`; 1: some policies could not be written. */
export async function runConvert({ options, output }: Invocation): Promise<ExitCode> {
  const to = apis[options.text('to') ?? ''];
  if (to === undefined) throw usageError(`say with --to for which API to write: ${Object.keys(apis).join(', ')}`);
  const { objects, notices } = await readObjects(options);
  for (const notice of notices) output.notice(notice);
  const conversions = convertPolicies(
    objects.map((entry) =>
      'positionOf' in entry ? { object: entry.object, positionOf: (path) => entry.positionOf(path) } : { object: entry },
    ),
    to,
  );
  if (output.json) output.resultJson(conversions);
  else print(conversions, output);
  return failOnCode(options, { 'left-out': conversions.some(({ reasons }) => reasons.length > 0) });
}

function print(conversions: readonly Conversion[], output: Invocation['output']): void {
  if (conversions.length === 0) output.notice('there is no policy among the objects');
  for (const { of, reasons } of conversions) for (const reason of reasons) output.notice(`${of} is left out: ${reason}`);
  const objects = conversions.flatMap((conversion) => conversion.objects);
  if (objects.length > 0) output.result(formatManifest(objects).trimEnd());
}
