/**
 * Refusals, in the two shapes in which Azure answers them: the gateway (Azure Resource Manager) nests the error, the
 * resource provider (AKS) does not. Both are rendered by az as `(Code) message`.
 */

/** Where a refusal comes from; decides the shape of its body. */
type ErrorOrigin = 'gateway' | 'provider';

/** What is told beside code and message. */
interface ErrorExtras {
  /** AKS's finer code; az never shows it. */
  readonly subcode?: string;
  /** The property that is wrong. */
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly extras?: ErrorExtras;
}

/** A request that is answered with an error. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly origin: ErrorOrigin;
  readonly extras: ErrorExtras;

  constructor(origin: ErrorOrigin, { status, code, message, extras = {} }: Refusal) {
    super(message);
    this.origin = origin;
    this.status = status;
    this.code = code;
    this.extras = extras;
  }

  /** The body of the answer. */
  get body(): object {
    const { code, message, extras } = this;
    return this.origin === 'gateway'
      ? { error: { code, message, ...(extras.target === undefined ? {} : { target: extras.target }) } }
      : { code, details: null, message, subcode: extras.subcode ?? '', target: extras.target ?? '' };
  }
}

/** The gateway refuses. */
export function gatewayError(status: number, code: string, message: string, extras: ErrorExtras = {}): ArmError {
  return new ArmError('gateway', { status, code, message, extras });
}

/** AKS refuses. */
export function providerError(status: number, code: string, message: string, extras: ErrorExtras = {}): ArmError {
  return new ArmError('provider', { status, code, message, extras });
}
