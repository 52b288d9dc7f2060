/** The index of the pages, as it is made from the rules; written by `npm run docs:lint`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listRules, type RuleSummary } from '../src/index.ts';

/** The page `docs/lint/README.md`. */
export function renderIndex(rules: readonly RuleSummary[]): string {
  return `# What \`weir lint\` finds

One page a rule: what it finds, why that matters, an example that it finds and one that is fine, and what to do.
\`weir lint --list-rules\` prints the same list. Severities can be changed in \`.weir-lint.yaml\`; a finding that is
meant is ignored by a comment with a reason, \`# weir-lint-ignore <rule>: <reason>\`. See [how to use it](../lint.md).

| rule | severity | finds |
|---|---|---|
${rules.map(({ id, severity, title }) => `| [${id}](${id}.md) | ${severity} | ${title} |`).join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'lint', 'README.md'), renderIndex(listRules()));
}
