/** The page `design/policy-support.md`, made of what the cases came to on every back end. */
import type { DataplaneName } from '@weir/model';
import type { SupportedKind } from './support-case.ts';
import type { SupportResult } from './try-cases.ts';

/** The results of one back end, in the order of the cases. */
export interface BackEndResults {
  readonly name: DataplaneName;
  readonly results: readonly SupportResult[];
}

const titles: Readonly<Record<DataplaneName, string>> = { nftables: 'nftables', iptables: 'iptables', ebpf: 'eBPF', hns: 'HNS' };

const introduction = `# What is enforced, feature by feature

Written by \`npm run docs:policy-support\` from the cases in \`test/policy-support/cases\`; \`test/policy-support.netns.test.ts\` fails when it says something else than they come to. Do not edit it by hand.

✓: a case shows on real packets that the back end enforces it; every packet that the case sees stopped arrives without the policy. ✗ with a number: the back end refuses it for the reason of that number below the table, and the case shows that the refusal comes and that nobody is let through by what is refused: an endpoint keeps what was in force for it, or is closed when that was nothing. HNS is tried through an emulator ([hns.md](hns.md)), without \`windows.expandUnsupported\`.
`;

/** The whole page. */
export function supportPage(kinds: readonly SupportedKind[], backEnds: readonly BackEndResults[]): string {
  return [introduction, overview(kinds, backEnds), ...kinds.map((kind) => section(kind, backEnds))].join('\n');
}

/** How many of each kind's features are enforced. */
function overview(kinds: readonly SupportedKind[], backEnds: readonly BackEndResults[]): string {
  const rows = kinds.map((kind) => {
    const enforced = backEnds.map(({ results }) => results.filter((each) => each.kind === kind && each.reasons.length === 0).length);
    return row([`${kind.kind} of ${kind.apiVersion}`, ...[kind.cases.length, ...enforced].map(String)]);
  });
  const heads = ['kind', 'features', ...backEnds.map(({ name }) => titles[name])];
  return [row(heads), `|${heads.map(() => '---|').join('')}`, ...rows, ''].join('\n');
}

function section(kind: SupportedKind, backEnds: readonly BackEndResults[]): string {
  const reasons: string[] = [];
  const cell = (results: readonly SupportResult[], tried: SupportResult['tried']): string => {
    const result = results.find((each) => each.kind === kind && each.tried === tried);
    if (result === undefined) throw new Error(`${kind.kind}, ${tried.feature}: it was not tried`);
    if (result.reasons.length === 0) return '✓';
    for (const reason of result.reasons) if (!reasons.includes(reason)) reasons.push(reason);
    return `✗ ${result.reasons.map((reason) => reasons.indexOf(reason) + 1).join(', ')}`;
  };
  const rows = kind.cases.map((tried) => row([tried.feature, ...backEnds.map(({ results }) => cell(results, tried))]));
  const heads = backEnds.map(({ name }) => titles[name]);
  return [
    `## ${kind.kind} of ${kind.apiVersion}\n`,
    ...(kind.about === undefined ? [] : [`${kind.about}\n`]),
    row(['feature', ...heads]),
    `|---|${heads.map(() => '---|').join('')}`,
    ...rows,
    ...(reasons.length === 0 ? [] : ['', ...reasons.map((reason, i) => `${i + 1}. ${reason}`)]),
    '',
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}
