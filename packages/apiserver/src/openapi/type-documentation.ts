/**
 * What the OpenAPI documents say of built-in types beside their structure: the name that clients know them by,
 * descriptions, which fields must be given, their values and defaults.
 *
 * Written down in tables, next to nothing but words:
 *
 * ```
 * # io.k8s.api.core.v1                   (the package of what follows)
 * TypeName: What it is.                  (`TypeName=Name` is called Name there; `TypeName<Other` has Other's fields)
 *   field: What it means.                (`field!` must be given, `field(A|B)` has one of these values, `field=A` that default)
 * ```
 * Source of what must be given, of values and defaults: the OpenAPI documents and types of Kubernetes 1.35.
 */
import { assert, defined } from '@weir/net';
import { accessDocumentation } from './documentation/access.ts';
import { containerDocumentation } from './documentation/container.ts';
import { coreDocumentation } from './documentation/core.ts';
import { extensionDocumentation } from './documentation/extension.ts';
import { metaDocumentation } from './documentation/meta.ts';
import { networkingDocumentation } from './documentation/networking.ts';
import { podDocumentation } from './documentation/pod.ts';
import { conditionFields, sharedFields } from './documentation/shared-fields.ts';
import { storageDocumentation } from './documentation/storage.ts';
import { volumeDocumentation } from './documentation/volume.ts';
import { workloadDocumentation } from './documentation/workload.ts';

/** What is said of a field. */
export interface FieldDocumentation {
  /** Empty when nobody has written one. */
  readonly description: string;
  readonly required: boolean;
  /** All values that it has; empty when they are not counted. */
  readonly values: readonly string[];
  readonly default: string | undefined;
}

/** What is said of a type. */
export interface TypeDocumentation {
  /** Its name as a component, for example `io.k8s.api.core.v1.PodSpec`. */
  readonly component: string;
  readonly description: string;
  readonly fields: ReadonlyMap<string, FieldDocumentation>;
}

let tables: ReadonlyMap<string, TypeDocumentation> | undefined;

/** What is said of a type of the registry; asserts that there is something. */
export function documentationOf(typeName: string): TypeDocumentation {
  // Read when somebody asks for the first document, which few do.
  tables ??= parseTables([
    metaDocumentation,
    containerDocumentation,
    podDocumentation,
    volumeDocumentation,
    storageDocumentation,
    coreDocumentation,
    workloadDocumentation,
    networkingDocumentation,
    accessDocumentation,
    extensionDocumentation,
  ]);
  return defined(tables.get(typeName), `${typeName} has no documentation`);
}

/** What is said of a field, in the words of its type or else in those of all fields of the name. */
export function fieldDocumentation(typeName: string, field: string): FieldDocumentation {
  const own = documentationOf(typeName).fields.get(field);
  const { required = false, values = [], default: preset } = own ?? {};
  return { description: own?.description || sharedDescription(typeName, field), required, values, default: preset };
}

function sharedDescription(typeName: string, field: string): string {
  const ofCondition = typeName.endsWith('Condition') ? conditionFields.get(field) : undefined;
  return ofCondition ?? sharedFields.get(field) ?? '';
}

interface OpenType extends TypeDocumentation {
  readonly fields: Map<string, FieldDocumentation>;
}

function parseTables(texts: readonly string[]): ReadonlyMap<string, TypeDocumentation> {
  const types = new Map<string, OpenType>();
  let packageName = '';
  let current: OpenType | undefined;
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    if (line === '') continue;
    if (line.startsWith('# ')) {
      packageName = line.slice(2);
    } else if (line.startsWith('  ')) {
      const { name, field } = parseField(line);
      defined(current, `${line} stands in a type`).fields.set(name, field);
    } else {
      const { name, type } = parseType(line, packageName, types);
      assert(!types.has(name), `${name} is documented twice`);
      types.set(name, type);
      current = type;
    }
  }
  return types;
}

const typePattern = /^(\w+)(?:=(\w+))?(?:<(\w+))?: (.+)$/;

function parseType(line: string, packageName: string, known: ReadonlyMap<string, OpenType>): { name: string; type: OpenType } {
  const [, name = '', called = name, other, description = ''] = defined(typePattern.exec(line), `not a type: ${line}`);
  const fields = other === undefined ? [] : defined(known.get(other), `${other} comes before ${name}`).fields;
  return { name, type: { component: `${packageName}.${called}`, description, fields: new Map(fields) } };
}

const fieldPattern = /^ {2}([\w$-]+)(!)?(?:\(([^)]*)\))?(?:=(\w+))?:(?: (.+))?$/;

function parseField(line: string): { name: string; field: FieldDocumentation } {
  const [, name = '', required, values, preset, description = ''] = defined(fieldPattern.exec(line), `not a field: ${line}`);
  return {
    name,
    field: { description, required: required !== undefined, values: values?.split('|') ?? [], default: preset },
  };
}
