/** Kubernetes' authorizer library: questions about what the user of a request may do. */
import { CelError } from '../cel-error.ts';
import { type CelValue, OpaqueValue } from '../values/cel-value.ts';
import { type Overload, overload } from './function-table.ts';

/** What is asked; `path` is set for questions about paths that are no resources. */
export interface AuthorizationQuestion {
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly path?: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly verb: string;
}

/** The answer. */
interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
}

/** Who answers. */
export type AuthorizationOracle = (question: AuthorizationQuestion) => AuthorizationAnswer;

const emptyQuestion: AuthorizationQuestion = { group: '', resource: '', subresource: '', namespace: '', name: '', verb: '' };

type Stage = 'Authorizer' | 'PathCheck' | 'GroupCheck' | 'ResourceCheck';

/** A question that is being put together. */
export class CelAuthorizer extends OpaqueValue {
  readonly typeName: string;
  readonly oracle: AuthorizationOracle;
  readonly question: AuthorizationQuestion;

  constructor(oracle: AuthorizationOracle, stage: Stage = 'Authorizer', question: AuthorizationQuestion = emptyQuestion) {
    super();
    this.typeName = nameOf(stage);
    this.oracle = oracle;
    this.question = question;
  }

  override equals(other: CelAuthorizer): boolean {
    return this === other;
  }

  with(stage: Stage, part: Partial<AuthorizationQuestion>): CelAuthorizer {
    return new CelAuthorizer(this.oracle, stage, { ...this.question, ...part });
  }
}

class CelDecision extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly answer: AuthorizationAnswer;

  constructor(answer: AuthorizationAnswer) {
    super();
    this.answer = answer;
  }

  override equals(other: CelDecision): boolean {
    return this.answer === other.answer;
  }
}

function nameOf(stage: Stage | 'Decision'): string {
  return `kubernetes.authorization.${stage}`;
}

/** A method that adds one text to the question. */
function adding(signature: string, next: Stage, part: (text: string) => Partial<AuthorizationQuestion>): Overload {
  return overload(signature, ([asked, text]) => (asked as CelAuthorizer).with(next, part(text as string)));
}

function serviceAccount(asked: CelValue | undefined, namespace: CelValue | undefined, name: CelValue | undefined): CelAuthorizer {
  if (namespace === '' || name === '') throw new CelError('invalid service account: namespace and name are needed');
  return (asked as CelAuthorizer).with('Authorizer', { serviceAccount: { namespace: namespace as string, name: name as string } });
}

/** A question to the authorizer costs as much as upstream says. */
const checkCost = (): number => 350_000;

function decide(asked: CelValue | undefined, part: Partial<AuthorizationQuestion>): CelDecision {
  const { oracle, question } = asked as CelAuthorizer;
  return new CelDecision(oracle({ ...question, ...part }));
}

const [start, path, group, resource] = [nameOf('Authorizer'), nameOf('PathCheck'), nameOf('GroupCheck'), nameOf('ResourceCheck')];
const decision = nameOf('Decision');

/** The functions of the authorizer. */
export const authorizerLibrary: readonly Overload[] = [
  adding(`${start}.path(string) ${path}`, 'PathCheck', (text) => ({ path: text })),
  adding(`${start}.group(string) ${group}`, 'GroupCheck', (text) => ({ group: text })),
  overload(`${start}.serviceAccount(string, string) ${start}`, ([asked, namespace, name]) => serviceAccount(asked, namespace, name)),
  adding(`${group}.resource(string) ${resource}`, 'ResourceCheck', (text) => ({ resource: text })),
  adding(`${resource}.subresource(string) ${resource}`, 'ResourceCheck', (text) => ({ subresource: text })),
  adding(`${resource}.namespace(string) ${resource}`, 'ResourceCheck', (text) => ({ namespace: text })),
  adding(`${resource}.name(string) ${resource}`, 'ResourceCheck', (text) => ({ name: text })),
  overload(`${resource}.check(string) ${decision}`, ([asked, verb]) => decide(asked, { verb: verb as string }), checkCost),
  overload(`${path}.check(string) ${decision}`, ([asked, verb]) => decide(asked, { verb: verb as string }), checkCost),
  overload(`${decision}.allowed() bool`, ([value]) => (value as CelDecision).answer.allowed),
  overload(`${decision}.reason() string`, ([value]) => (value as CelDecision).answer.reason),
  overload(`${decision}.errored() bool`, () => false),
  overload(`${decision}.error() string`, () => ''),
];
