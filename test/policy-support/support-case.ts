/**
 * What is tried of each kind of policy, as data: one case a row of the table of `design/policy-support.md`.
 *
 * Expectations are written by hand. A case that nobody is to refuse must be enforced on nftables; elsewhere it is enforced
 * or refused, and what it came to is in the committed page.
 */
import type { EngineName } from '@weir/model';

/** One feature of a kind. Flows are texts: `a > server tcp 80`, see `flow-text.ts`. */
export interface SupportCase {
  readonly feature: string;
  /** `spec` of the object, as YAML; absent where there is `specs`. */
  readonly spec?: string;
  /** `specs` of the object, as a list in one line of YAML. */
  readonly specs?: string;
  /** Its metadata beside name and namespace, as YAML. */
  readonly metadata?: string;
  /** Objects beside it, as YAML documents. */
  readonly others?: string;
  /** Flows that the policy lets through, or does not speak of. */
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
  /** Present: it says who reaches a node; a back end that refuses it leaves the node as it is. */
  readonly isAboutNodes?: true;
  /** Present: no back end enforces it, and the flows are those of what stands in for it. */
  readonly isRefused?: true;
}

/** A kind, and what is tried of it. */
export interface SupportedKind {
  readonly kind: string;
  readonly apiVersion: string;
  readonly isNamespaced: boolean;
  /** The name of the object that is tried; default `tried`. */
  readonly name?: string;
  /** The engine under which the kind is tried, and another one on Windows, where that one does not run. */
  readonly engine: EngineName;
  readonly windowsEngine?: EngineName;
  /** A sentence about the whole kind, for the page. */
  readonly about?: string;
  readonly cases: readonly SupportCase[];
}

/** The object of a case, and those beside it, as YAML documents. */
export function manifestOf({ kind, apiVersion, isNamespaced, name = 'tried' }: SupportedKind, tried: SupportCase): string {
  const namespace = isNamespaced ? ', namespace: shop' : '';
  const metadata = tried.metadata === undefined ? '' : `, ${tried.metadata}`;
  const { spec = '', specs } = tried;
  const said = specs === undefined ? `spec:\n${indented(spec)}` : `specs: ${specs}`;
  const object = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name}${namespace}${metadata} }\n${said}\n`;
  return tried.others === undefined ? object : `${object}---\n${tried.others}`;
}

function indented(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
