/** The JSON schemas of what commands print, made from the types of the sources. */
import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';

/** A JSON schema, draft 7. */
export type Schema = Readonly<Record<string, unknown>>;

/** One command's output: its type in `printed-json.ts`, and the version that readers rely on. */
export interface PrintedJson {
  /** The file below docs/schemas, without its end. */
  readonly name: string;
  readonly command: string;
  readonly type: string;
  /** Counted up when a field goes away or changes its meaning; more fields are no other version. */
  readonly version: number;
}

/** All of them. */
export const printed: readonly PrintedJson[] = [
  { name: 'why', command: 'weir why', type: 'Why', version: 1 },
  { name: 'matrix', command: 'weir matrix', type: 'Matrix', version: 1 },
  { name: 'diff', command: 'weir diff', type: 'Diff', version: 1 },
  { name: 'lint', command: 'weir lint', type: 'Lint', version: 1 },
  { name: 'test', command: 'weir test', type: 'Test', version: 1 },
  { name: 'flows', command: 'weir flows', type: 'Flows', version: 1 },
  { name: 'suggest', command: 'weir suggest', type: 'Suggest', version: 1 },
  { name: 'convert', command: 'weir convert', type: 'Convert', version: 1 },
  { name: 'migrate', command: 'weir migrate', type: 'Migrate', version: 1 },
  { name: 'staged-report', command: 'weir staged report', type: 'StagedReportJson', version: 1 },
  { name: 'policy-status', command: 'weir policy status', type: 'PolicyStatuses', version: 1 },
  { name: 'engine-compare', command: 'weir engine compare', type: 'EngineCompare', version: 1 },
  { name: 'engine-recommend', command: 'weir engine recommend', type: 'EngineRecommend', version: 1 },
  { name: 'lint-rules', command: 'weir lint --list-rules', type: 'LintRules', version: 1 },
  { name: 'agent-explain', command: 'weir agent explain', type: 'AgentExplain', version: 1 },
  { name: 'status', command: 'weir status', type: 'Status', version: 1 },
];

/** The schemas by their names, in which an object has no fields but those of its type. */
export function strictSchemas(): ReadonlyMap<string, Schema> {
  const generator = createGenerator({
    path: join(import.meta.dirname, 'printed-json.ts'),
    tsconfig: join(import.meta.dirname, '..', '..', 'tsconfig.test.json'),
    skipTypeCheck: true,
    expose: 'all',
    topRef: true,
    additionalProperties: false,
  });
  return new Map(
    printed.map(({ name, command, type, version }) => {
      const { $schema, ...schema } = generator.createSchema(type);
      openObjects(schema.definitions ?? {});
      return [name, { $schema, $id: `urn:weir:${name}:${version}`, title: `${command} -o json`, ...schema }];
    }),
  );
}

/** Objects of Kubernetes have the fields of their kinds, of which their types name those that Weir reads. */
function openObjects(definitions: Readonly<Record<string, unknown>>): void {
  for (const name of ['KubeObject', 'NetworkPolicy']) {
    const definition = definitions[name] as { additionalProperties?: boolean } | undefined;
    if (definition !== undefined) delete definition.additionalProperties;
  }
}

/** The schema as it is published: readers must take fields that a later release adds. */
export function openSchema(schema: Schema): Schema {
  return opened(schema) as Schema;
}

/** The other way: a published schema in which an object has no fields but those that it names. */
export function closedSchema(schema: Schema): Schema {
  const closed = structuredClone(schema);
  closeObjects(closed);
  openObjects((closed['definitions'] ?? {}) as Readonly<Record<string, unknown>>);
  return closed;
}

function closeObjects(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if ('properties' in value && !('additionalProperties' in value)) Object.assign(value, { additionalProperties: false });
  for (const member of Object.values(value)) closeObjects(member);
}

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (key === 'additionalProperties' && member === false ? [] : [[key, opened(member)]])),
  );
}
